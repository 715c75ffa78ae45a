import { isArtifactId, isLabel } from '../domain/names.ts'
import { clientOf } from './client-of.ts'
import { explainPlace } from './explain.ts'
import type { Options } from './options.ts'
import { policyCheck } from './policy-check.ts'
import { policyReplay } from './policy-replay.ts'
import { policyTest } from './policy-test.ts'
import { usage } from './show.ts'
import type { Terminal } from './terminal.ts'

const folderByDefault = './policies'
const sinceByDefault = '30d'
const dayMs = 86_400_000

const examples = [
  'policy check',
  'policy test',
  'policy replay --since 30d',
  'policy explain --artifact web-6f1b2a9c --env production',
]

/** The commands about policies themselves. */
export async function policy(options: Options, terminal: Terminal): Promise<number> {
  const [, verb = '', ...rest] = options.words
  const read = flagsOf(rest)
  if (typeof read === 'string') return usage(terminal, read, examples)
  const { flags, words } = read
  const folder = words[0] ?? folderByDefault
  switch (verb.toLowerCase()) {
    case 'check':
      return policyCheck(folder, terminal)
    case 'test':
      return policyTest(folder, terminal)
    case 'replay': {
      const since = flags.get('since') ?? sinceByDefault
      const days = /^(\d{1,4})d$/.exec(since)?.[1]
      if (days === undefined) return usage(terminal, `--since is such as 30d, not ${since}`)
      return policyReplay(
        { client: clientOf(options, terminal), folder, sinceMs: Number(days) * dayMs },
        terminal,
      )
    }
    case 'explain': {
      const [artifactId = '', env = '', app] = ['artifact', 'env', 'app'].map((key) =>
        flags.get(key),
      )
      if (!isArtifactId(artifactId) || !isLabel(env) || (app !== undefined && !isLabel(app)))
        return usage(terminal, 'Name the artifact and the environment', examples.slice(-1))
      return explainPlace(
        { client: clientOf(options, terminal), options, artifactId, env, app },
        terminal,
      )
    }
    default:
      return usage(terminal, `There is no command "policy ${verb}"`, examples)
  }
}

type Read = { readonly flags: ReadonlyMap<string, string>; readonly words: readonly string[] }

function flagsOf(all: readonly string[]): Read | string {
  const flags = new Map<string, string>()
  const words: string[] = []
  for (let at = 0; at < all.length; at++) {
    const word = all[at] ?? ''
    const [, name, joined] = /^--(since|artifact|env|app)(?:=(.*))?$/.exec(word) ?? []
    if (name === undefined && word.startsWith('-')) return `There is no option ${word}`
    if (name === undefined) words.push(word)
    else {
      const value = joined ?? all[++at]
      if (value === undefined) return `--${name} needs a value`
      flags.set(name, value)
    }
  }
  return { flags, words }
}
