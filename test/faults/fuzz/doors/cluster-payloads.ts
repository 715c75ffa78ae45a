import { readdirSync, readFileSync } from 'node:fs'
import { isRefusal } from '../../../../src/domain/fault.ts'
import { argocdRoutes } from '../../../../src/ingress/http/argocd.ts'
import { fluxRoutes } from '../../../../src/ingress/http/flux.ts'
import { broken, type Door } from '../fuzz.ts'
import { refused } from './said.ts'

const fixtures = (folder: string): unknown[] =>
  readdirSync(folder).map((file) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')))

/** What Flux and Argo CD post of the cluster. */
export const clusterPayloadsDoor: Door = {
  name: 'cluster-payloads',
  about: 'A4, A6, A19: what Flux and Argo CD say of the cluster',
  form: 'json',
  words: [
    'error',
    'ReconciliationSucceeded',
    'Kustomization',
    'revision',
    'main@sha1:',
    'Synced',
    'Failed',
    'Healthy',
    'Deployment/production/web',
  ],
  seeds: [...fixtures('test/fixtures/flux'), ...fixtures('test/fixtures/argocd')],
  take: (input) => [...fluxRoutes, ...argocdRoutes].map((one) => posted(one, input)).join(' '),
}

type Posted = (typeof fluxRoutes)[number]

function posted({ body, query, command }: Posted, input: unknown): string {
  const read = body?.safeParse(input)
  if (!read?.success) return 'invalid'
  const asked = command({ query: query.parse({ env: 'staging' }), body: read.data } as never)
  if (isRefusal(asked)) return refused(asked)
  if (asked.verb !== 'report-health') return broken(`it became ${asked.verb}`)
  const { said } = asked
  if ('ignored' in said) return 'ignored'
  const { commits, state, message, unix } = said
  if (commits.length < 1 || commits.length > 10) broken('it is of too many commits, or of none')
  if (!commits.every((one) => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(one))) broken('odd commits')
  if (message.length > 2_000) broken('its message has no bound')
  if (unix !== undefined && !Number.isSafeInteger(unix)) broken('its time is no time')
  return state
}
