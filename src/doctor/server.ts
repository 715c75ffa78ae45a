import { randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import { type Check, fine, warning, wrong } from './check.ts'
import { type Answer, type Posted, post } from './post.ts'

/** How a surface speaks to the server. */
export type Speaker = {
  readonly name: string
  readonly path: string
  /** The setting that holds the secret. */
  readonly secretKey: string
  /** Something that does nothing, signed with a secret, and what an answer looks like that took it. */
  readonly say: (secret: string) => Posted & { readonly isTaken: (answer: Answer) => boolean }
  /** What is to be done about an address without https; `null` when there is no need. */
  readonly withoutHttps: string | null
}

type Asked = { readonly config: Config; readonly secret: string }

/** Sends the server what the surface would: it must know what is signed from what is not. */
export async function serverCheck({ config, secret }: Asked, speaker: Speaker): Promise<Check> {
  const { name, path, say, withoutHttps } = speaker
  const base = addressOf(config)
  if (base === null)
    return warning('server', 'was not asked: its port is not known here; set GIMLET_URL')
  const url = `${base}${path}`
  const signed = say(secret)
  const answer = await post(url, signed)
  if (answer === null)
    return wrong(
      'server',
      `the server is not running here: nobody answers at ${base}. Start it, or correct GIMLET_URL`,
    )
  if (!signed.isTaken(answer)) return wrong('server', refusedText(speaker, url, answer.status))
  const forged = await post(url, say(randomBytes(16).toString('hex')))
  if (forged?.status !== 401)
    return wrong(
      'server',
      `what answers at ${url} takes what ${name} did not sign; make sure that GIMLET_URL is GimletD’s`,
    )
  const right = `takes what ${name} signs, and nothing else, at ${url}`
  return withoutHttps === null || base.startsWith('https:')
    ? fine('server', right)
    : warning('server', `${right}; ${withoutHttps}`)
}

/** Where the server is asked, without what stands before an @: that may be a password. */
function addressOf({ url, host, port }: Config): string | null {
  if (url === null && port === 0) return null
  const isAny = ['0.0.0.0', '::', '::1'].includes(host)
  return (url ?? `http://${isAny ? 'localhost' : host}:${port}`).replace(/\/\/[^/]*@/, '//')
}

function refusedText({ name, secretKey }: Speaker, url: string, status: number): string {
  if (status === 401)
    return `the server does not know the ${secretKey} of here; start it again, with the same settings (${url})`
  if (status === 404)
    return `the server at ${url} runs without ${name}; start it again, with the settings of here`
  return `what answers at ${url} is not GimletD (status ${status}); correct GIMLET_URL`
}
