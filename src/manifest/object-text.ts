/** One Kubernetes object as it is written: a YAML document without its `---`. */
export type ObjectText = {
  readonly text: string
  /** Where it comes from, for messages: `manifests: document 2`, `chart: templates/service.yaml`. */
  readonly place: string
  /** What the text says, where that is known already. */
  readonly value?: unknown
}
