import type { Verb } from '../commands/verb.ts'
import { programTable } from '../commands/verbs.ts'
import { exitCodes } from './exit-codes.ts'
import { programs } from './help.ts'
import type { Options } from './options.ts'
import { usage } from './show.ts'
import type { Terminal } from './terminal.ts'

/** A command as it is typed, and its flags. */
type Entry = { readonly words: readonly string[]; readonly flags: readonly string[] }

const scripts: Readonly<Record<string, (entries: readonly Entry[]) => string>> = {
  bash: bashScript,
  // zsh reads what is written for bash.
  zsh: (entries) => `autoload -Uz bashcompinit && bashcompinit\n${bashScript(entries)}`,
  fish: fishScript,
}

/** Prints the script that completes this program's commands in a shell. */
export function completion({ words }: Options, terminal: Terminal): number {
  const [, shell = '', ...more] = words
  const script = scripts[shell.toLowerCase()]
  if (script === undefined || more.length > 0)
    return usage(terminal, 'Name the shell: bash, zsh or fish', ['completion bash'])
  terminal.out(script(entriesOf()))
  return exitCodes.done
}

/** Every command: the verbs under all of their names, and what only this program does. */
function entriesOf(): readonly Entry[] {
  const { verbs, otherNames } = programTable
  const usages = verbs.map((verb) => ({ name: verb.name, flags: flagsOf(verb) }))
  const others = [...otherNames].flatMap(([name, meant]) => {
    const verb = usages.find((one) => one.name === meant)
    return verb ? [{ ...verb, name }] : []
  })
  const own = programs.flatMap(([text]) => {
    const name = /^[a-z]+(?: [a-z]+(?= |$))?/.exec(text)?.[0] ?? ''
    return name === 'completion' ? [] : [{ name, flags: flagsIn(text) }]
  })
  const shells = Object.keys(scripts).map((name) => ({ name: `completion ${name}`, flags: [] }))
  const byName = new Map<string, string[]>()
  for (const { name, flags } of [...usages, ...others, ...own, ...shells])
    byName.set(name, [...(byName.get(name) ?? []), ...flags])
  return [...byName].map(([name, flags]) => ({
    words: name.split(' '),
    flags: [...new Set(flags)],
  }))
}

/** As its usage spells them, and what that leaves out. */
function flagsOf({ usage: text, positions, flags, switches }: Verb): readonly string[] {
  const spelled = flagsIn(text)
  const known = new Set(spelled.map((flag) => flag.replaceAll('-', '')))
  const more = [...positions, ...flags, ...switches].filter((name) => !known.has(name))
  return [...spelled, ...more.map((name) => `--${name}`)]
}

const flagsIn = (text: string): readonly string[] => text.match(/--[a-z][a-z-]*/g) ?? []

/** Flags that every command has. */
const everywhere = ['--server', '--token', '--output', '--help']

function bashScript(entries: readonly Entry[]): string {
  const cases = entries.map(
    ({ words, flags }) => `    '${words.join(' ')}') flags='${flags.join(' ')}' ;;`,
  )
  const groups = [...groupsOf(entries)].map(
    ([first, seconds]) => `    ${first}) seconds='${seconds.join(' ')}' ;;`,
  )
  return `_gimlet() {
  local current="\${COMP_WORDS[COMP_CWORD]}" first="\${COMP_WORDS[1]}" second="\${COMP_WORDS[2]}"
  local flags='' seconds='' command="$first $second"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${firstsOf(entries).join(' ')}' -- "$current"))
    return
  fi
  case "$first" in
${groups.join('\n')}
  esac
  case " $seconds " in
    *" $second "*) ;;
    *) command="$first" ;;
  esac
  case "$command" in
${cases.join('\n')}
  esac
  [ "$COMP_CWORD" -eq 2 ] || seconds=''
  COMPREPLY=($(compgen -W "$seconds $flags ${everywhere.join(' ')}" -- "$current"))
}
complete -o default -F _gimlet gimlet`
}

function fishScript(entries: readonly Entry[]): string {
  const lines = [
    `complete -c gimlet -n __fish_use_subcommand -f -a '${firstsOf(entries).join(' ')}'`,
  ]
  for (const [first, seconds] of groupsOf(entries)) {
    const isFirst = `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${seconds.join(' ')}`
    lines.push(`complete -c gimlet -n '${isFirst}' -f -a '${seconds.join(' ')}'`)
  }
  for (const { words, flags } of entries) {
    const all = words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ')
    for (const flag of flags) lines.push(`complete -c gimlet -n '${all}' -l ${flag.slice(2)}`)
  }
  lines.push(...everywhere.map((flag) => `complete -c gimlet -l ${flag.slice(2)}`))
  return lines.join('\n')
}

const firstsOf = (entries: readonly Entry[]): readonly string[] =>
  [...new Set(entries.map(({ words: [first = ''] }) => first))].sort()

/** The words that may follow a first one. */
function groupsOf(entries: readonly Entry[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const { words } of entries) {
    const [first = '', second] = words
    if (second !== undefined) groups.set(first, [...(groups.get(first) ?? []), second])
  }
  return groups
}
