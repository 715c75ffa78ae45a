/** Tells, of paths, which lie in a Helm chart: in or below a folder that has a `Chart.yaml`. */
export function chartFolders(paths: Iterable<string>): (path: string) => boolean {
  const folders = new Set<string>()
  for (const path of paths)
    if (path.endsWith('/Chart.yaml')) folders.add(path.slice(0, -'/Chart.yaml'.length))
  return (path) => {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1))
      if (folders.has(path.slice(0, end))) return true
    return false
  }
}
