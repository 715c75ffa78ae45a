/** A repository on GitHub. */
export type GithubRepository = { readonly owner: string; readonly repo: string }

const path = /^\/([A-Za-z0-9][A-Za-z0-9-]{0,38})\/([A-Za-z0-9._-]{1,100}?)(?:\.git)?\/?$/

/** Which repository of this GitHub an address is of; `website` is its address without a last slash. */
export function githubRepositoryAt(address: string, website: string): GithubRepository | null {
  if (!URL.canParse(address) || !URL.canParse(website)) return null
  const { origin, pathname, search, hash } = new URL(address)
  if (origin !== new URL(website).origin || search !== '' || hash !== '') return null
  const [, owner, repo] = path.exec(pathname) ?? []
  return owner === undefined || repo === undefined || /^\.{1,2}$/.test(repo)
    ? null
    : { owner, repo }
}
