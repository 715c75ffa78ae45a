import { clean } from '../messages/paint.ts'
import { doctorGitops } from './doctor-gitops.ts'
import { exitCodes } from './exit-codes.ts'
import type { Options } from './options.ts'
import { usage } from './show.ts'
import type { Terminal } from './terminal.ts'

/** Says what is wrong with a part of the server, on the server's own machine, and what to do. */
export async function doctor(options: Options, terminal: Terminal): Promise<number> {
  const { words, isJson } = options
  const [, part = '', ...more] = words
  if (part === '' || part === '--resume') return doctorGitops(options, terminal)
  if (part.toLowerCase() !== 'slack' || more.length > 0)
    return usage(terminal, 'Say what is to be looked at', ['doctor', 'doctor slack'])
  const { out, paint } = terminal
  // The server is loaded only by what needs it: every other command starts in a tenth of the time.
  const { checkSlack } = await import('./serve.ts')
  const checks = await checkSlack(terminal.environment)
  const marks = { fine: paint.green('✓'), warning: paint.yellow('!'), wrong: paint.red('✗') }
  if (isJson) out(JSON.stringify(checks, null, 2))
  else
    for (const { check, verdict, message } of checks)
      out(`${marks[verdict]} ${paint.bold(check)}: ${clean(message)}`)
  return checks.some(({ verdict }) => verdict === 'wrong') ? exitCodes.failed : exitCodes.done
}
