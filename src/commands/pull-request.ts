import type { Sha } from '../domain/names.ts'
import { isShaPrefix } from '../domain/names.ts'
import { nearestFew } from '../domain/nearest.ts'
import { parseWords } from './grammar.ts'
import { type Invocation, problem } from './invocation.ts'

/** What a pull request makes plain without saying it. */
export type PullRequestPlace = {
  /** Such as `owner/web`. */
  readonly repository: string
  /** The commit that the command is about: the head when it was written. */
  readonly sha: Sha
  /** Where the apps of the repository can go. */
  readonly targets: readonly { readonly app: string; readonly env: string }[]
}

const fillers = new Set(['to', 'in', 'on', 'from'])
const valueFlags = new Set(['--reason', '--app', '--env', '--artifactid', '--artifact', '--sha'])
const suggestionsMax = 3

/**
 * What words mean in a comment on a pull request: `release staging,production` is of the repository's
 * apps and of the head commit's artifact, one request for each; everything else as anywhere.
 */
export function parseInPullRequest(
  words: readonly string[],
  place: PullRequestPlace,
  nowUnix: number,
): readonly Invocation[] {
  const verb = words[0]?.toLowerCase()
  if (verb !== 'release' && verb !== 'diff') return [inRepository(words, place, nowUnix)]
  const { positions, flags } = split(words.slice(1))
  const [envs = '', sha] = positions
  const isShort =
    positions.length === 1 ||
    (positions.length === 2 && isShaPrefix(sha ?? '') && !envs.includes('@'))
  if (!isShort) return [atCommit(parseWords(words, nowUnix), place)]
  const asked: Invocation[] = []
  for (const env of envs.split(',')) {
    const apps = place.targets.filter((target) => target.env === env).map(({ app }) => app)
    if (apps.length === 0) return [noSuchPlace(env, verb, place)]
    for (const app of apps) {
      const what = sha === undefined ? app : `${app}@${sha}`
      asked.push(atCommit(parseWords([verb, what, env, ...flags], nowUnix), place))
    }
  }
  return asked
}

function split(words: readonly string[]): { positions: string[]; flags: string[] } {
  const positions: string[] = []
  const flags: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word.startsWith('-')) {
      flags.push(word)
      if (valueFlags.has(word.toLowerCase()) && at + 1 < words.length) flags.push(words[++at] ?? '')
    } else if (!fillers.has(word.toLowerCase())) positions.push(word)
  }
  return { positions, flags }
}

/** A release that names no artifact is of the pull request's commit, and of no newer one. */
function atCommit(asked: Invocation, { repository, sha, targets }: PullRequestPlace): Invocation {
  if (asked.kind !== 'command' || asked.command.verb !== 'release') return asked
  const { command } = asked
  const isNamed = [command.artifactId, command.sha, command.from].some((one) => one !== undefined)
  if (isNamed || !targets.some(({ app }) => app === command.app)) return asked
  return { kind: 'command', command: { ...command, commit: { repository, sha } } }
}

/** To look at the one app of the repository, it need not be named. */
function inRepository(
  words: readonly string[],
  { targets }: PullRequestPlace,
  nowUnix: number,
): Invocation {
  const [app, ...others] = new Set(targets.map((target) => target.app))
  const isAlone = words.length === 1 && /^(?:status|artifacts)$/i.test(words[0] ?? '')
  return parseWords(
    isAlone && app !== undefined && others.length === 0 ? [...words, app] : words,
    nowUnix,
  )
}

function noSuchPlace(
  env: string,
  verb: string,
  { repository, targets }: PullRequestPlace,
): Invocation {
  const known = [...new Set(targets.map((target) => target.env))].sort()
  if (known.length === 0) return problem(`No app of ${repository} has a manifest`, [])
  const meant = nearestFew(env, known, suggestionsMax)
  return problem(
    `No app of ${repository} has a manifest for ${env}; there are manifests for ${known.join(', ')}`,
    meant.map((one) => `${verb} ${one}`),
  )
}
