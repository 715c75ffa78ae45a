import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { putScript } from '../../support/temp.ts'

const everyMs = 3

/** What the children of a process are called with and given, looked at all along. */
export function childrenSeen(pid: () => number | undefined) {
  const seen = new Set<string>()
  const look = () => {
    const parent = pid()
    if (parent !== undefined) for (const child of below(parent)) note(seen, child)
  }
  const timer = setInterval(look, everyMs)
  return { seen, stop: () => clearInterval(timer) }
}

/**
 * Programs that keep what they were called with and given before they become the real ones: none is
 * too short to be seen. Answers the folder to put first in PATH; the calls lie in its file `calls`.
 */
export async function watchedPrograms(folder: string, names: readonly string[]): Promise<string> {
  const place = join(folder, 'programs')
  for (const name of names)
    await putScript(
      place,
      name,
      `#!/bin/sh
{ cat /proc/$$/cmdline /proc/$$/environ; echo; } >>${place}/calls
PATH=\${PATH#*:} exec ${name} "$@"
`,
    )
  return place
}

function below(pid: number): number[] {
  const children = textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean)
  const others = tasksOf(pid).flatMap((task) =>
    textOf(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean),
  )
  const all = [...new Set([...children, ...others])].map(Number)
  return [...all, ...all.flatMap(below)]
}

const tasksOf = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).filter((task) => task !== String(pid))
  } catch {
    return []
  }
}

function note(seen: Set<string>, pid: number): void {
  const words = textOf(`/proc/${pid}/cmdline`)
  // Before it becomes another program a child is a copy of the server, whose environment is its own.
  if (words.includes('dist/main.js')) return
  seen.add(words)
  seen.add(textOf(`/proc/${pid}/environ`))
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    // It has ended meanwhile.
    return ''
  }
}
