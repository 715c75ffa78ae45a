import type { Config } from '../config.ts'
import { readSettings } from '../read-settings.ts'
import { type Check, fine, wrong } from './check.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A setting that a surface is off without. */
export type Needed = {
  /** Where a person gets its value. */
  readonly from: string
  /** A value that would do, to find out whether this is what is missing. */
  readonly example: string
  /** What to do about a value that cannot be used, where the sentence about it does not say. */
  readonly again?: string
}

type Surface<Part> = {
  readonly name: string
  readonly partOf: (config: Config) => Part | null
  readonly needed: Readonly<Record<string, Needed>>
}

/** What there is to say of the settings, and what they are when the surface is on. */
export type Settings<Part> = {
  readonly checks: readonly Check[]
  readonly on: { readonly config: Config; readonly part: Part } | null
}

/** Reads the settings that a server would start with in this folder. */
export function settingsFor<Part>(
  environment: Environment,
  surface: Surface<Part>,
): Settings<Part> {
  const all = readSettings(environment)
  const problems = 'problems' in all ? all.problems : []
  const bad = problems.map((problem) => problem.split(' ', 1)[0] ?? '')
  const found = problems.map((message, at) => {
    const again = surface.needed[bad[at] ?? '']?.again
    return wrong('settings', again === undefined ? message : `${message}; ${again}`)
  })
  // Without those that are wrong, so that the rest can be looked at, too.
  const rest = { ...environment, ...Object.fromEntries(bad.map((key) => [key, undefined])) }
  const config = readSettings(rest)
  if ('problems' in config) return { checks: found, on: null }
  const part = surface.partOf(config)
  if (part !== null) {
    const isOn = fine('settings', `can be used, and ${surface.name} is on`)
    return { checks: found.length > 0 ? found : [isOn], on: { config, part } }
  }
  const missing = missingIn(rest, surface)
    .filter((key) => !bad.includes(key))
    .map((key) => wrong('settings', `${key} is not set: ${surface.needed[key]?.from}`))
  return { checks: [...found, ...missing], on: null }
}

/** The settings that the surface is off for: it stays off whatever the others are. */
function missingIn<Part>(environment: Environment, { partOf, needed }: Surface<Part>) {
  const examples = Object.entries(needed).map(([key, { example }]) => [key, example] as const)
  return Object.keys(needed).filter((key) => {
    const others = Object.fromEntries(examples.filter(([other]) => other !== key))
    const read = readSettings({ ...environment, ...others })
    return 'problems' in read || partOf(read) === null
  })
}
