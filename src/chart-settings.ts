import { z } from 'zod'
import { isOfThisMachine, listText, text } from './setting-shapes.ts'

const chartAddress =
  'an https: or oci: URL without a password, ? or # in it (give that as passwordFile)'

/** Where charts may be fetched from, as YAML or JSON. */
const chartRepositories = listText.pipe(
  z.array(
    z.strictObject(
      {
        url: z.string(chartAddress).refine(isChartAddress, chartAddress),
        usernameFile: text.optional(),
        passwordFile: text.optional(),
        caFile: text.optional(),
      },
      'url, and if need be usernameFile, passwordFile and caFile',
    ),
    'a list of addresses, as YAML or JSON: [{url: https://charts.example.com}]',
  ),
)

const apiVersionsRule =
  'API versions such as monitoring.coreos.com/v1 or networking.k8s.io/v1/Ingress, with spaces between'

/** The settings of charts by their names. */
export const chartFields = {
  HELM_BIN: text.regex(/^[^-]/, 'a path, or the name of a program').default('helm'),
  HELM_KUBE_VERSION: z
    .string()
    .regex(/^\d{1,3}\.\d{1,3}\.\d{1,3}$/, 'a version such as 1.34.0')
    .default('1.34.0'),
  HELM_API_VERSIONS: z
    .string()
    .transform((value) => value.split(/[\s,]+/).filter((word) => word !== ''))
    .refine(
      (words) => words.every((word) => /^[a-z0-9][\w.-]*(?:\/[\w.-]+){1,2}$/.test(word)),
      apiVersionsRule,
    )
    .default([]),
  CHART_REPOSITORIES: chartRepositories.default([]),
}

const fields = z.object(chartFields)

/** How charts are rendered; helm's own words for what it is told. */
export type ChartSettings = {
  readonly program: string
  readonly kubeVersion: string
  readonly apiVersions: readonly string[]
  readonly repositories: z.output<typeof chartRepositories>
}

export const chartSettings = (given: z.output<typeof fields>): ChartSettings => ({
  program: given.HELM_BIN,
  kubeVersion: given.HELM_KUBE_VERSION,
  apiVersions: given.HELM_API_VERSIONS,
  repositories: given.CHART_REPOSITORIES,
})

/** True for what charts may be fetched from: encrypted, unless it is on this machine. */
function isChartAddress(address: string): boolean {
  if (!/^(?:https|http|oci):\/\/[^\s\p{Cc}\\]+$/u.test(address)) return false
  const plain = address.replace(/^oci:/, 'https:')
  if (!URL.canParse(plain)) return false
  const { protocol, hostname, username, password, search, hash } = new URL(plain)
  const isPlain = [username, password, search, hash].every((part) => part === '')
  return isPlain && (protocol === 'https:' || isOfThisMachine(hostname))
}
