import { z } from 'zod'
import type { Config } from '../config.ts'
import type { GithubApi } from '../messages/github/api.ts'
import { type Check, fine, warning, wrong } from './check.ts'
import { listOf, strange, unknownText } from './github-answer.ts'

/** Where the server takes what GitHub sends. */
export const hookPath = '/api/github/webhooks'

const place = 'in the app’s settings under Webhook'

const hookShape = z.looseObject({
  url: z.string().nullish(),
  content_type: z.string().nullish(),
  insecure_ssl: z.union([z.string(), z.number()]).nullish(),
})

/** Looks at where GitHub sends to, and how. */
export async function webhookChecks(api: GithubApi, { url }: Config): Promise<Check[]> {
  const result = await api.callAsApp('GET /app/hook/config', {})
  const { data } = hookShape.safeParse(result.kind === 'ok' ? result.data : null)
  if (!data)
    return [
      warning('webhook', `is not known: ${unknownText(result.kind === 'ok' ? strange : result)}`),
    ]
  const found = [...addressChecks(data.url ?? '', url), ...formChecks(data)]
  const isRight = found.every(({ verdict }) => verdict === 'fine')
  return isRight ? found : found.filter(({ verdict }) => verdict !== 'fine')
}

function addressChecks(given: string, url: string | null): Check[] {
  const wanted = url === null ? null : shown(`${url}${hookPath}`)
  const set = wanted === null ? `your server’s address with ${hookPath}` : wanted
  if (given === '')
    return [wrong('webhook', `goes nowhere; make it active ${place}, with the URL ${set}`)]
  const there = shown(given)
  if (wanted === null)
    return [
      warning('webhook', `goes to ${there}; set GIMLET_URL, so that it can be compared with it`),
    ]
  return there === wanted
    ? [fine('webhook', `goes to ${there}, as JSON`)]
    : [
        wrong(
          'webhook',
          `goes to ${there}, not to ${wanted}; correct its URL ${place}, or GIMLET_URL`,
        ),
      ]
}

function formChecks({ content_type: type, insecure_ssl: insecure }: z.output<typeof hookShape>) {
  const isForm = type !== 'json'
  const isOpen = String(insecure ?? '0') !== '0'
  return [
    ...(isForm
      ? [wrong('webhook', `does not send JSON; set its content type to application/json ${place}`)]
      : []),
    ...(isOpen
      ? [
          warning(
            'webhook',
            `does not verify the server’s certificate; enable SSL verification ${place}`,
          ),
        ]
      : []),
  ]
}

/** An address without its query and what stands before an @: both may hold a password. */
function shown(address: string): string {
  if (!URL.canParse(address)) return 'something that is no URL'
  const { origin, pathname } = new URL(address)
  return `${origin}${pathname}`
}

const deliveryShape = z.looseObject({
  guid: z.string(),
  delivered_at: z.string().default(''),
  status: z.string().default(''),
  status_code: z.number().default(0),
  event: z.string().default(''),
})
type Delivery = z.output<typeof deliveryShape>

/** Looks at what became of the last deliveries; one that was sent again counts as it ended. */
export async function deliveryChecks(api: GithubApi): Promise<Check[]> {
  const listed = await listOf({
    ask: (page) => api.callAsApp('GET /app/hook/deliveries', page),
    pagesMax: 1,
    read: (data) => z.array(deliveryShape).safeParse(data).data,
  })
  if (listed.kind !== 'list')
    return [warning('deliveries', `are not known: ${unknownText(listed)}`)]
  const { items } = listed
  // The newest stand first.
  const last = items.filter(({ guid }, at) => items.findIndex((one) => one.guid === guid) === at)
  const failed = last.filter((one) => !isTaken(one))
  const [newest] = failed
  if (newest === undefined) return [fine('deliveries', arrivedText(last.length))]
  const { event, delivered_at: at, status_code: code, status } = newest
  const count = `${failed.length} of the last ${last.length} failed`
  const what = `the newest of them (${event}, ${at}) ended with ${code || status}`
  const since = last.indexOf(newest)
  // What has arrived since shows that it works now.
  return since === 0
    ? [wrong('deliveries', `${count}; ${what}: ${deliveryMend(code)}`)]
    : [
        warning(
          'deliveries',
          `${count}; ${what}, and ${since} arrived since; if it goes on, ${deliveryMend(code)}`,
        ),
      ]
}

function arrivedText(count: number): string {
  if (count === 0) return 'there were none in the last days'
  return count === 1 ? 'the last one arrived' : `the last ${count} arrived`
}

const isTaken = ({ status_code: code }: Delivery): boolean => code >= 200 && code < 300

function deliveryMend(code: number): string {
  if (code === 401) return `set the secret ${place} to the WEBHOOK_SECRET of the server`
  if (code === 404) return 'correct the webhook’s URL, or start the server with GitHub’s settings'
  return 'make sure that GitHub reaches the server; Recent Deliveries in the app’s settings, under Advanced, has the answer'
}
