import { z } from 'zod'
import type { GithubConfig } from '../config.ts'
import type { GithubApi } from '../messages/github/api.ts'
import { type Check, fine, warning, wrong } from './check.ts'
import { type NoAnswer, unknownText } from './github-answer.ts'
import { apiAddress, privateKeyFrom } from './github-set-up.ts'

/** The app as GitHub has it. */
export type App = {
  readonly kind: 'known'
  readonly name: string
  readonly owner: string
  /** The app's public page. */
  readonly page: string
  /** Levels by name. */
  readonly permissions: Readonly<Record<string, string>>
  readonly events: readonly string[]
}
export type AskedApp = App | { readonly kind: 'unknown'; readonly check: Check }

const appShape = z.looseObject({
  name: z.string(),
  owner: z.looseObject({ login: z.string().optional() }).nullish(),
  html_url: z.string().default(''),
  permissions: z.record(z.string(), z.string()).default({}),
  events: z.array(z.string()).default([]),
})

/** Asks GitHub which app the key is for. */
export async function askApp(api: GithubApi, github: GithubConfig): Promise<AskedApp> {
  const result = await api.callAsApp('GET /app', {})
  if (result.kind !== 'ok') return unknown(refusedCheck(result, github))
  const { data } = appShape.safeParse(result.data)
  if (!data) {
    const who = `what answers at ${apiAddress(github)} is not GitHub’s API`
    return unknown(wrong('app', `${who}; let this machine reach it${hostHint(github)}`))
  }
  const { name, owner, html_url: page, permissions, events } = data
  return { kind: 'known', name, owner: owner?.login ?? 'an enterprise', page, permissions, events }
}

const unknown = (check: Check): AskedApp => ({ kind: 'unknown', check })

function refusedCheck(result: NoAnswer, github: GithubConfig): Check {
  const { appId } = github
  if (result.kind === 'refused' && result.status === 404)
    return wrong(
      'app',
      `GitHub knows no app ${appId}; copy the App ID into APP_ID again${hostHint(github)}`,
    )
  if (result.kind !== 'unreachable') return warning('app', `is not known: ${unknownText(result)}`)
  const [, status] = /^status (\d+)$/.exec(result.problem) ?? []
  if (status === '401')
    return wrong(
      'app',
      `GitHub does not take PRIVATE_KEY for the app ${appId}; correct APP_ID, or ${privateKeyFrom} and put it into PRIVATE_KEY; if both are right, set this machine’s clock`,
    )
  const address = apiAddress(github)
  if (status !== undefined)
    return wrong('app', `${address} answers ${status}; try again in a minute`)
  return wrong('app', `nobody answers at ${address}; let this machine reach it${hostHint(github)}`)
}

/** The setting that may name the wrong host, when it names one. */
const hostHint = ({ baseUrl }: GithubConfig): string =>
  baseUrl === undefined ? '' : ', or correct GHE_HOST'

export const appChecks = (asked: AskedApp): Check[] =>
  asked.kind === 'known'
    ? [fine('app', `is ${asked.name} of ${asked.owner}, and PRIVATE_KEY is one of its keys`)]
    : [asked.check]
