import { clientOf } from './client-of.ts'
import { exitCodes } from './exit-codes.ts'
import type { Options } from './options.ts'
import { show, usage } from './show.ts'
import type { Terminal } from './terminal.ts'

/** Shows the state of the GitOps repository, or accepts the tip of a rewritten branch. */
export async function doctorGitops(options: Options, terminal: Terminal): Promise<number> {
  const [, flag, tip, ...more] = options.words
  const client = clientOf(options, terminal)
  if (flag === undefined) {
    const reply = await client.send({ verb: 'gitops-state' })
    const code = show(reply, options, terminal)
    const { outcome } = reply
    const isHalted =
      outcome.kind === 'gitops-state' && outcome.states.some(({ halt }) => halt !== null)
    return isHalted ? exitCodes.failed : code
  }
  if (!tip || more.length > 0)
    return usage(terminal, 'Name the tip that you have looked at; it is shown by:', ['doctor'])
  return show(await client.send({ verb: 'resume-gitops', tip }), options, terminal)
}
