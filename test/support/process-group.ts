import { readdirSync, readFileSync } from 'node:fs'

/** What the kernel counts in: USER_HZ, which is 100 on every Linux that Node runs on. */
const tickMs = 10

export type Member = {
  readonly pid: number
  readonly words: readonly string[]
  /** The processor time that it took so far, in steps of ten: measure what takes many times as long. */
  readonly cpuMs: number
}

/** The processes of a group that run; not those that have ended and wait to be taken note of. */
export const membersOf = (group: number): readonly Member[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => memberAs(Number(pid), group) ?? [])

function memberAs(pid: number, group: number): Member | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name, which may hold anything, stands in brackets; behind it state, parent and group.
    const [state, , ofGroup, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (Number(ofGroup) !== group || state === 'Z') return undefined
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const [userTicks, systemTicks] = rest.slice(8, 10).map(Number)
    return { pid, words, cpuMs: ((userTicks ?? 0) + (systemTicks ?? 0)) * tickMs }
  } catch {
    // It ended while it was looked at.
    return undefined
  }
}
