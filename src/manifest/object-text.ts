/** One Kubernetes object as it is written: a YAML document without its `---`. */
export type ObjectText = {
  readonly text: string
  /** Where it comes from, for messages: `manifests: document 2`, `chart: templates/service.yaml`. */
  readonly place: string
  /** What the text says, where that is known already. */
  readonly value?: unknown
}

/** A document's text without blank lines at its edges, with the line end that it has. */
export function withoutBlankEdges(text: string): string {
  let end = text.length
  while (text[end - 1] === '\n' || text[end - 1] === '\r') end--
  const lineEnd = text.startsWith('\r\n', end) ? '\r\n' : '\n'
  return text.slice(0, end).replace(/^[\r\n]+/, '') + lineEnd
}
