import { readdirSync, readFileSync } from 'node:fs'

/** The programs that run with this folder as their home, which every git of it and its children have. */
export function programsOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1')
        const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
        // One that has ended and waits to be taken note of has no words.
        return environment.includes(`HOME=${folder}\0`) && words !== '' ? [words] : []
      } catch {
        return []
      }
    })
}
