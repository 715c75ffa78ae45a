import { run } from '../../src/cli/run.ts'
import { plain } from '../../src/messages/paint.ts'

/** The program in an environment, run in this process; it collects what it writes. */
export const gimletIn =
  (environment: Readonly<Record<string, string | undefined>>) =>
  async (...words: readonly string[]) => {
    const out: string[] = []
    const err: string[] = []
    const terminal = {
      out: (text: string) => void out.push(text),
      err: (text: string) => void err.push(text),
      paint: plain,
      environment,
    }
    const code = await run(words, terminal)
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
