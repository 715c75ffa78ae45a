/** What helm said, as much as helps. */
const charactersMax = 600

type Known = { readonly said: RegExp; readonly next: string }

/** What to do about what helm says most often. */
const known: readonly Known[] = [
  {
    said: /nil pointer evaluating|error calling (?:required|include|tpl)|execution error/,
    next: 'set what it asks for under values, or mend the chart',
  },
  {
    said: /function "\w+" not defined/,
    next: 'helm has no such function: mend the chart',
  },
  { said: /^parse error/, next: 'mend the template' },
  {
    said: /YAML parse error/,
    next: 'with these values the template writes no YAML: mend one of them',
  },
  { said: /failed to parse -/, next: 'write values as YAML that helm reads' },
  {
    said: /don't meet the specifications of the schema/,
    next: 'set the values as the chart’s values.schema.json wants them',
  },
  {
    said: /missing in charts\//,
    next: 'run helm dependency build, and publish or commit the chart with its charts/ folder',
  },
  {
    said: /requires kubeVersion/,
    next: 'set HELM_KUBE_VERSION to the version of your clusters, or use another version of the chart',
  },
  {
    said: /remote ref|not our ref|invalid object name|does not exist in|path '[^']*' exists/,
    next: 'correct sha=, tag= or path= in chart.name',
  },
  {
    said: /not found|no chart (?:name|version)|MANIFEST_UNKNOWN|NAME_UNKNOWN/i,
    next: 'correct chart.name or chart.version',
  },
  {
    said: /\b40[13]\b|unauthorized|denied|could not read Username|Authentication failed/i,
    next: 'correct usernameFile and passwordFile of this address in CHART_REPOSITORIES',
  },
]

/**
 * The sentence for what helm wrote on stderr: its own words in one line, without its log, its hints and
 * this machine's paths, and what to do next.
 */
export function helmMessage(stderr: string, folders: readonly string[]): string {
  const from = stderr.lastIndexOf('\nError: ')
  const own = (from < 0 ? stderr : stderr.slice(from + 1)).replace(/^(?:Error|fatal): /, '')
  const words = folders
    .reduce((text, folder) => text.replaceAll(folder, '…'), own)
    .replaceAll('Use --debug flag to render out invalid YAML', '')
    .replaceAll(/\s+/g, ' ')
    .replace(/^(?:template|INSTALLATION FAILED): /, '')
    .trim()
  const said = placed(words) || 'helm said nothing'
  const next = known.find((one) => one.said.test(words))?.next ?? 'mend the chart or the values'
  return `${said.length > charactersMax ? `${said.slice(0, charactersMax)}…` : said}; ${next}`
}

/** Begins with the file and the line, as our own messages do. */
function placed(words: string): string {
  const at =
    /^(?:(?:execution error|parse error) at )?\(?[\w.-]+\/(?<file>(?:[\w.-]+\/)*[\w.-]+):(?<line>\d+)(?::\d+)?\)?:? (?<rest>.*)$/.exec(
      words,
    )?.groups
  if (!at) return words
  const rest = (at.rest ?? '').replace(/^executing "[^"]*" at /, '')
  return `${at.file}: line ${at.line}: ${rest}`
}
