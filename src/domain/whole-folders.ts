/** A folder with one of these is a Helm chart or a kustomization: its files belong together. */
const marks = /^(.+)\/(?:Chart\.yaml|kustomization\.ya?ml|Kustomization)$/

/** Tells, of paths, which lie in or below such a folder. The top is none, whatever lies in it. */
export function inWholeFolder(paths: Iterable<string>): (path: string) => boolean {
  const folders = new Set<string>()
  for (const path of paths) {
    const [, folder] = marks.exec(path) ?? []
    if (folder !== undefined) folders.add(folder)
  }
  return (path) => {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1))
      if (folders.has(path.slice(0, end))) return true
    return false
  }
}
