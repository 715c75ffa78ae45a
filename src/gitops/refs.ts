/**
 * The newest tip of the remote's branch that was seen: a fetch moves it forward, and so does git itself
 * with every push that lands. Never backwards: the refspec is not forced.
 */
export const remoteRef = 'refs/gimlet/remote'

/** What the branch turned out to be when it could not be fetched forward. */
export const foundRef = 'refs/gimlet/found'

/** How everything is fetched. */
export const fetchArgs: readonly string[] = [
  'fetch',
  '--progress',
  '--no-tags',
  '--no-write-fetch-head',
]
