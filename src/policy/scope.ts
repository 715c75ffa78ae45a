import { isRefusal } from '../domain/fault.ts'
import { compileGlob, type Glob } from '../domain/glob.ts'
import { isLabel, labelRule } from '../domain/names.ts'
import { below, quote, report, type Spot } from './problem.ts'

/** Which apps, or which environments, a policy is about. */
export type Scope = {
  readonly patterns: readonly string[]
  readonly matches: (name: string) => boolean
}

/** The scope of a policy that names none. */
export const everything: Scope = { patterns: ['*'], matches: () => true }

/** The scope of what is about no release at all. */
export const nothing: Scope = { patterns: [], matches: () => false }

export type Scoped = { readonly apps: Scope; readonly envs: Scope }
export type Target = { readonly app: string; readonly env: string }

/** True when a policy is about this app in this environment. */
export const covers = ({ apps, envs }: Scoped, { app, env }: Target): boolean =>
  apps.matches(app) && envs.matches(env)

/** Reads the `app` or `env` of a policy: a name, a pattern or a list of these. */
export function readScope(value: unknown, spot: Spot): Scope | null {
  if (value === undefined) return everything
  const patterns: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (patterns.length === 0) return report(spot, 'is an empty list: remove it to mean all')
  const globs = patterns.map((pattern, at) =>
    readPattern(pattern, Array.isArray(value) ? below(spot, at) : spot),
  )
  if (!globs.every((glob) => glob !== null)) return null
  // Side by side, `!a` and `!b` would together match everything.
  if (patterns.length > 1 && patterns.some((pattern) => String(pattern).startsWith('!')))
    return report(spot, 'has a ! in a list: write one pattern such as !{one,other}')
  return {
    patterns: patterns.map(String),
    matches: (name) => globs.some((glob) => glob.matches(name)),
  }
}

/** A text without these is a name. */
const globChars = /[*?{}!\\]/

function readPattern(pattern: unknown, spot: Spot): Glob | null {
  if (typeof pattern !== 'string')
    return report(spot, 'must be a name, a pattern such as web-*, or a list of these')
  if (pattern !== '' && !globChars.test(pattern)) {
    return isLabel(pattern)
      ? { matches: (name) => name === pattern, steps: () => 1 }
      : report(spot, `${quote(pattern)} is no name: it must be ${labelRule}`)
  }
  const glob = compileGlob(pattern)
  return isRefusal(glob) ? report(spot, glob.message) : glob
}
