/** What holds for every command, apart from its own words. */
export type Options = {
  readonly words: readonly string[]
  readonly server: string
  readonly token: string | null
  readonly isJson: boolean
  /** What `--output` names: a form, and for `manifest template` a file. */
  readonly output: string
  readonly isHelp: boolean
  readonly isVersion: boolean
  /** Whether a request is followed; `null` leaves it to the command. */
  readonly wait: boolean | null
  readonly timeoutMs: number | null
  readonly file: string | null
}

type Environment = Readonly<Record<string, string | undefined>>

/** The server that `npm start` serves at. */
const serverByDefault = 'http://localhost:8888'

const takingValue = ['--server', '--token', '--output', '-o', '--timeout', '-t', '--file', '-f']
/** True for an option whose value is the next argument. */
export const takesValue = (arg: string): boolean => takingValue.includes(arg)

const switches = ['--help', '-h', '--version', '--wait', '-w', '--no-wait']

/** Takes the options out of the words. Answers a sentence when one of them is wrong. */
export function readOptions(args: readonly string[], environment: Environment): Options | string {
  const words: string[] = []
  const given = new Map<string, string>()
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    const [name = '', joined] = arg.startsWith('--') ? splitOnce(arg) : [arg]
    if (switches.includes(name)) given.set(name, 'true')
    else if (takingValue.includes(name)) {
      const value = joined ?? args[++at]
      if (value === undefined) return `${name} needs a value`
      // GimletD's short form of `--to`.
      if (name === '-t' && isRollback(words)) words.push('--to', value)
      else given.set(name, value)
    } else words.push(arg)
  }
  const of = (...names: readonly string[]) =>
    names.map((name) => given.get(name)).find((value) => value !== undefined)
  const output = of('--output', '-o') ?? 'table'
  const isFile = /^manifest template/i.test(words.join(' '))
  if (!isFile && output !== 'json' && output !== 'table')
    return `--output is json or table, not ${output}`
  const timeout = of('--timeout', '-t')
  const timeoutMs = timeout === undefined ? null : durationMs(timeout)
  if (Number.isNaN(timeoutMs)) return `--timeout is such as 30s or 10m, not ${timeout}`
  return {
    words,
    // A secret that a CI system does not have is an empty text.
    server: (of('--server') || environment.GIMLET_SERVER || serverByDefault).replace(/\/+$/, ''),
    token: of('--token') || environment.GIMLET_TOKEN || null,
    isJson: !isFile && output === 'json',
    output,
    isHelp: of('--help', '-h') !== undefined,
    isVersion: of('--version') !== undefined,
    wait: of('--no-wait') !== undefined ? false : of('--wait', '-w') !== undefined ? true : null,
    timeoutMs,
    file: of('--file', '-f') ?? null,
  }
}

const isRollback = (words: readonly string[]) =>
  words.slice(0, 2).some((word) => /^rollback(?:to)?$/i.test(word))

function splitOnce(arg: string): [string, string?] {
  const equals = arg.indexOf('=')
  return equals === -1 ? [arg] : [arg.slice(0, equals), arg.slice(equals + 1)]
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000 } as const

function durationMs(text: string): number {
  const [, count, unit] = /^(\d{1,6})(s|m|h)$/.exec(text) ?? []
  return count === undefined ? Number.NaN : Number(count) * unitMs[unit as keyof typeof unitMs]
}
