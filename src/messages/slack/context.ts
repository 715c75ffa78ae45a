import type { Sha } from '../../domain/names.ts'
import { bold, type Inline, user } from './rich.ts'

/** What texts in Slack need to know of the place that they are shown in. */
export type SlackContext = {
  /** The Slack user that someone is in this workspace; `null` for whoever is not linked. */
  readonly slackUser: (login: string) => string | null
  /** Where people can see a commit for an environment; `null` when there is no such page. */
  readonly commitUrl: (ref: Sha, env: string | null) => string | null
  /** The name of the slash command, such as `/gimlet`. */
  readonly command: string
}

/** A person: a mention of whoever is linked, else the login. Policies are named as what they are. */
export function person(login: string, { slackUser }: SlackContext): Inline {
  if (login.startsWith('policy:')) return bold(`policy ${login.slice('policy:'.length)}`)
  const id = slackUser(login)
  return id === null ? bold(login) : user(id)
}

/** The page of a commit on the git hosts that are known by their address. */
export function commitPage(repository: string): (ref: Sha) => string | null {
  const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/)(.+)$/.exec(repository)
  const isUrl = /^(?:https|ssh):\/\//.test(repository) && URL.canParse(repository)
  const url = isUrl ? new URL(repository) : null
  const host = url?.hostname ?? (isUrl ? undefined : scp?.[1])
  const path = (url?.pathname.slice(1) ?? scp?.[2] ?? '').replace(/\.git$/, '').replace(/\/$/, '')
  if (host === undefined || !host.includes('.') || path === '') return () => null
  const folder = host.includes('gitlab')
    ? '-/commit'
    : host.includes('bitbucket')
      ? 'commits'
      : 'commit'
  return (ref) => `https://${host}/${path}/${folder}/${ref}`
}
