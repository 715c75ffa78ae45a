import { readdirSync, readFileSync } from 'node:fs'

/** The programs that run with this folder, or one in it, as their home: every git there and its children. */
export function programsOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1')
        const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
        // One that has ended and waits to be taken note of has no words.
        const isHere = [`HOME=${folder}\0`, `HOME=${folder}/`].some((home) =>
          environment.includes(home),
        )
        return isHere && words !== '' ? [words] : []
      } catch {
        return []
      }
    })
}
