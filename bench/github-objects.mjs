import { createHash } from 'node:crypto'

/** Git's objects in memory: as much of them as GitHub's Git Data API shows. */
export class Objects {
  trees = new Map()
  commits = new Map()

  /** Lays entries over a tree; a path may go deeper, and a tree takes the place of what was there. */
  makeTree(entries, base) {
    const made = new Map(base === undefined ? [] : this.trees.get(base))
    const deeper = new Map()
    for (const { path, mode, type, sha, content } of entries) {
      const [first, ...rest] = path.split('/')
      if (rest.length > 0) {
        const below = { path: rest.join('/'), mode, type, sha, content }
        deeper.set(first, [...(deeper.get(first) ?? []), below])
      } else made.set(path, { mode, type, sha: sha ?? hashOf('blob', Buffer.from(content)) })
    }
    for (const [name, below] of deeper) {
      const sha = this.makeTree(
        below,
        made.get(name)?.type === 'tree' ? made.get(name).sha : undefined,
      )
      made.set(name, { mode: '040000', type: 'tree', sha })
    }
    const sha = treeHash(made)
    this.trees.set(sha, made)
    return sha
  }

  makeCommit({ tree, parents, message }) {
    const lines = [`tree ${tree}`, ...parents.map((one) => `parent ${one}`), '', message]
    const sha = hashOf('commit', Buffer.from(lines.join('\n')))
    this.commits.set(sha, {
      sha,
      tree: { sha: tree },
      parents: parents.map((one) => ({ sha: one })),
    })
    return sha
  }

  /** What lies at a path of a commit's tree. */
  at(commit, path) {
    let entry = { type: 'tree', sha: this.commits.get(commit).tree.sha }
    for (const name of path.split('/')) entry = entry && this.trees.get(entry.sha)?.get(name)
    return entry
  }

  treeShape(sha) {
    const tree = [...this.trees.get(sha)].map(([path, entry]) => ({ path, ...entry }))
    return { sha, tree, truncated: false }
  }
}

function treeHash(entries) {
  // Git sorts a folder as if its name ended in a slash.
  const key = ([path, { type }]) => (type === 'tree' ? `${path}/` : path)
  const sorted = [...entries].sort((a, b) =>
    Buffer.compare(Buffer.from(key(a)), Buffer.from(key(b))),
  )
  const parts = sorted.flatMap(([path, { mode, sha }]) => [
    Buffer.from(`${mode.replace(/^0/, '')} ${path}\0`),
    Buffer.from(sha, 'hex'),
  ])
  return hashOf('tree', Buffer.concat(parts))
}

const hashOf = (type, body) =>
  createHash('sha1').update(`${type} ${body.length}\0`).update(body).digest('hex')
