import { clean } from '../messages/paint.ts'
import { doctorGitops } from './doctor-gitops.ts'
import { exitCodes } from './exit-codes.ts'
import type { Options } from './options.ts'
import { usage } from './show.ts'
import type { Terminal } from './terminal.ts'

const parts = ['slack', 'github'] as const

/** Says what is wrong with a part of the server, on the server's own machine, and what to do. */
export async function doctor(options: Options, terminal: Terminal): Promise<number> {
  const { words, isJson } = options
  const [, word = '', ...more] = words
  if (word === '' || word === '--resume') return doctorGitops(options, terminal)
  const part = parts.find((one) => one === word.toLowerCase())
  if (part === undefined || more.length > 0) {
    const calls = ['doctor', ...parts.map((one) => `doctor ${one}`)]
    return usage(terminal, 'Say what is to be looked at', calls)
  }
  const { out, paint } = terminal
  // The server is loaded only by what needs it: every other command starts in a tenth of the time.
  const { lookAt } = await import('./serve.ts')
  const checks = await lookAt(part, terminal.environment)
  const marks = { fine: paint.green('✓'), warning: paint.yellow('!'), wrong: paint.red('✗') }
  if (isJson) out(JSON.stringify(checks, null, 2))
  else
    for (const { check, verdict, message } of checks)
      out(`${marks[verdict]} ${paint.bold(check)}: ${clean(message)}`)
  return checks.some(({ verdict }) => verdict === 'wrong') ? exitCodes.failed : exitCodes.done
}
