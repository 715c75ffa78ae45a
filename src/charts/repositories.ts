/** An address that charts may be fetched from, and everything below it. */
export type ChartRepository = {
  readonly url: string
  /** Files, so that a credential stands in no environment. */
  readonly usernameFile?: string | undefined
  readonly passwordFile?: string | undefined
  /** Certificates of the authority that the address is trusted by. */
  readonly caFile?: string | undefined
}

/** The repository that a chart's address lies in: the longest that fits, or none. */
export function repositoryFor(
  url: string,
  repositories: readonly ChartRepository[],
): ChartRepository | undefined {
  const fitting = repositories.filter((one) => isBelow(url, one.url))
  return fitting.sort((a, b) => b.url.length - a.url.length)[0]
}

/** True for the same scheme, host and port, and a path at or below the other's. */
function isBelow(url: string, other: string): boolean {
  const [one, above] = [parsed(url), parsed(other)]
  const path = above.pathname.replace(/\/+$/, '')
  return (
    one.protocol === above.protocol &&
    one.host === above.host &&
    (one.pathname === path || one.pathname.startsWith(`${path}/`))
  )
}

/** An OCI address has its host and path read as a web address has. */
const parsed = (url: string) => {
  const { host, pathname } = new URL(url.replace(/^oci:/, 'https:'))
  return { protocol: url.slice(0, url.indexOf(':')), host, pathname }
}
