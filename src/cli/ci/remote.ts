type Remote = { readonly host: string; readonly path: string }

/** The parts of a git address that name a repository; credentials and ports are not among them. */
function remoteOf(address: string | undefined = ''): Remote | undefined {
  const scpLike = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)([^\s?#]+)$/.exec(address)
  const url = /^(?:https?|ssh|git):\/\/(?:[^/@\s]*@)?([\w.-]+)(?::\d+)?\/([^\s?#]+)$/.exec(address)
  const [, host, path] = url ?? scpLike ?? []
  if (host === undefined || path === undefined) return undefined
  return { host, path: path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '') }
}

/** What some servers put before or into the path of every repository. */
const isNoName = (part: string, at: number) =>
  part === '_git' || (at === 0 && (part === 'v3' || part === 'scm'))

/** `git@example.com:owner/name.git` is `owner/name`. */
export function repositoryAt(address: string | undefined): string {
  const parts = remoteOf(address)?.path.split('/') ?? []
  return parts.filter((part, at) => !isNoName(part, at)).join('/')
}

/** The page of a commit, where forges have it; nothing for an address that is no forge's. */
export function commitPage(address: string | undefined, sha: string): string {
  const remote = remoteOf(address)
  if (remote === undefined || !/^[0-9a-f]+$/.test(sha)) return ''
  const word = remote.host === 'bitbucket.org' ? 'commits' : 'commit'
  return `https://${remote.host}/${remote.path}/${word}/${sha}`
}
