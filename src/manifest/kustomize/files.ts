import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'

/** A text of the tree, by its path from the root: `undefined` where there is no such file. */
export type ReadFile = (path: string) => string | Refusal | undefined

const names = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/** The path of something that a file in `folder` names, from the root of the tree. */
export function resolvePath(folder: string, path: string): string | Refusal {
  if (
    /^[A-Za-z][\w+.-]*:|^git@|\?ref=|^(?:github|gitlab|bitbucket)\./.test(path) ||
    path.includes('//')
  )
    return refuse(
      'invalid',
      `${path}: nothing is fetched from elsewhere; copy it into the folder and name it there`,
    )
  if (path.startsWith('/') || path.includes('\\'))
    return refuse(
      'invalid',
      `${path}: write the path from the folder of this kustomization, with "/"`,
    )
  const parts = folder === '' ? [] : folder.split('/')
  for (const part of path.split('/')) {
    if (part === '..' && parts.pop() === undefined)
      return refuse('invalid', `${path}: leads out of the manifests folder`)
    if (part !== '..' && part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}

/** A file that must be there. */
export function readFile(read: ReadFile, folder: string, path: string): string | Refusal {
  const resolved = resolvePath(folder, path)
  if (isRefusal(resolved)) return resolved
  return read(resolved) ?? refuse('invalid', `${path}: there is no such file`)
}

/** The kustomization of a folder, or `undefined` where it has none. */
export function readKustomization(
  read: ReadFile,
  folder: string,
): { readonly path: string; readonly text: string } | Refusal | undefined {
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`
    const text = read(path)
    if (text !== undefined) return isRefusal(text) ? text : { path, text }
  }
  return undefined
}
