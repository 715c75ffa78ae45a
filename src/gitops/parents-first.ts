import type { Sha } from '../domain/names.ts'

type Child = { readonly sha: Sha; readonly parents: readonly Sha[] }

/** Puts commits into the order of `git log --reverse --topo-order <tip>`: each line of history in one piece. */
export function parentsFirst<T extends Child>(tip: Sha, commits: readonly T[]): T[] {
  const all = new Map(commits.map((one) => [one.sha, one]))
  const children = new Map<Sha, number>()
  for (const { parents } of all.values())
    for (const parent of parents) children.set(parent, (children.get(parent) ?? 0) + 1)
  const ordered: T[] = []
  const ready = [all.get(tip)]
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    ordered.push(next)
    for (const parent of next.parents) {
      const left = (children.get(parent) ?? 0) - 1
      children.set(parent, left)
      const found = left === 0 ? all.get(parent) : undefined
      if (found) ready.push(found)
    }
  }
  return ordered.reverse()
}
