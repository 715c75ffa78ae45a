import { exitCodes } from './exit-codes.ts'
import type { Options } from './options.ts'
import { usage } from './show.ts'
import type { Terminal } from './terminal.ts'

/**
 * Makes the index of releases anew from the GitOps repositories, on the server's own machine. The server
 * may run meanwhile: the new index takes the place of the old one in one transaction.
 */
export async function reindex({ words, isJson }: Options, terminal: Terminal): Promise<number> {
  if (words.length > 1) return usage(terminal, 'reindex takes no names', ['reindex'])
  const { out, err, paint } = terminal
  // The server is loaded only by what needs it: every other command starts in a tenth of the time.
  const { reindexHere } = await import('./serve.ts')
  let told = { url: '', commits: 0 }
  const made = await reindexHere(terminal.environment, ({ url, commits, of }) => {
    if (told.url !== url) told = { url, commits: 0 }
    // A line a hundredth: this may be read in a log.
    if (commits < of && commits - told.commits < of / 100) return
    told = { url, commits }
    err(`read ${commits} of ${of} commits of ${url}`)
  })
  if ('problems' in made) {
    for (const problem of made.problems) err(paint.red(problem))
    return exitCodes.failed
  }
  const different = made.repositories.flatMap((one) => one.different)
  if (isJson) out(JSON.stringify(made, null, 2))
  else {
    for (const { url, tip, commits, releases, running, changedByHand } of made.repositories) {
      const drift = changedByHand === 0 ? '' : `, ${changedByHand} of them changed by hand`
      const where = `${commits} commits of ${url} up to ${tip.slice(0, 8)}`
      out(`${releases} releases in ${where}; ${running} apps run${drift}`)
    }
    for (const { env, app } of different)
      err(paint.red(`${env}/${app}: its release.json names another release than history does`))
  }
  return different.length === 0 ? exitCodes.done : exitCodes.failed
}
