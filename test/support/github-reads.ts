import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Answer, type Ask, found, ok, type RepositoryAsk } from './github-answers.ts'
import { type GitRoute, git, isOf, told, types } from './github-git.ts'

/** What reads the objects of a repository that has a folder. */
export const readRoutes: readonly GitRoute[] = [
  ['GET', '/git/trees/:sha', 'contents', tree],
  ['GET', '/git/blobs/:sha', 'contents', blob],
  ['GET', '/compare/*base...*head', 'contents', compare],
  ['GET', '/commits', 'contents', commits],
]

/** GraphQL cuts a text short here, in bytes. */
const textMax = 512 * 1024

async function tree(ask: RepositoryAsk): Promise<Answer> {
  const own = found(await told(ask, 'rev-parse', '--verify', `${ask.params.sha}^{tree}`))
  const isDeep = ask.query.has('recursive')
  const entries = await listedIn(ask, own, isDeep ? ['-r', '-t'] : [])
  const listedMax = isDeep ? ask.repository.listedMax : entries.length
  return ok({ sha: own, tree: entries.slice(0, listedMax), truncated: entries.length > listedMax })
}

async function listedIn(ask: RepositoryAsk, own: string, depth: readonly string[]) {
  const listed = await git(ask, 'ls-tree', '-l', '-z', ...depth, own)
  return listed
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const [, mode = '', sha = '', size = '', path = ''] =
        /^(\d+) \w+ ([0-9a-f]+) +(\S+)\t(.*)$/s.exec(line) ?? []
      const type = types[mode] ?? 'blob'
      return { path, mode, type, sha, ...(type === 'blob' ? { size: Number(size) } : {}) }
    })
}

async function blob(ask: RepositoryAsk): Promise<Answer> {
  const sha = found((await isOf(ask, 'blob', found(ask.params.sha))) ? ask.params.sha : undefined)
  const bytes = await bytesOf(ask, sha)
  const content = bytes.toString('base64').replaceAll(/.{60}/g, '$&\n')
  return ok({ sha, size: bytes.length, encoding: 'base64', content })
}

async function bytesOf({ repository }: RepositoryAsk, sha: string): Promise<Buffer> {
  const given = { cwd: found(repository.folder), encoding: 'buffer', maxBuffer: 2 ** 27 } as const
  return (await promisify(execFile)('git', ['cat-file', 'blob', sha], given)).stdout
}

async function compare(ask: RepositoryAsk): Promise<Answer> {
  const { base = '', head = '' } = ask.params
  const merged = found(await told(ask, 'merge-base', base, head))
  const printed = await git(ask, 'rev-list', '--left-right', '--count', `${base}...${head}`)
  const [behind = 0, ahead = 0] = printed.trim().split(/\s+/).map(Number)
  const status =
    behind > 0 ? (ahead > 0 ? 'diverged' : 'behind') : ahead > 0 ? 'ahead' : 'identical'
  const counts = { ahead_by: ahead, behind_by: behind, total_commits: ahead }
  // The oldest come first, page by page.
  const all = (await git(ask, 'rev-list', '--reverse', `${base}..${head}`)).split('\n')
  const page = await commitShapes(ask, paged(ask, all.filter(Boolean)))
  return ok({ status, ...counts, merge_base_commit: { sha: merged }, commits: page, files: [] })
}

async function commits(ask: RepositoryAsk): Promise<Answer> {
  const from = found(await told(ask, 'rev-parse', '--verify', ask.query.get('sha') ?? 'HEAD'))
  const all = (await git(ask, 'rev-list', from)).split('\n').filter(Boolean)
  return ok(await commitShapes(ask, paged(ask, all)))
}

function paged<T>({ query }: RepositoryAsk, all: readonly T[]): readonly T[] {
  const size = Math.min(Number(query.get('per_page') ?? 30) || 30, 100)
  const at = Math.max(Number(query.get('page') ?? 1) || 1, 1)
  return all.slice((at - 1) * size, at * size)
}

async function commitShapes(ask: RepositoryAsk, shas: readonly string[]) {
  if (shas.length === 0) return []
  const fields = ['%H', '%T', '%P', '%an', '%ae', '%at', '%cn', '%ce', '%ct', '%B'].join('%x1f')
  const printed = await git(ask, 'log', '--no-walk=unsorted', '-z', `--format=${fields}`, ...shas)
  return printed.split('\0').filter(Boolean).map(commitShape)
}

function commitShape(record: string) {
  const [sha, tree, parents = '', an, ae, at, cn, ce, ct, message = ''] = record.split('\x1f')
  const date = (unix = '') => new Date(Number(unix) * 1000).toISOString().replace('.000Z', 'Z')
  return {
    sha,
    commit: {
      author: { name: an, email: ae, date: date(at) },
      committer: { name: cn, email: ce, date: date(ct) },
      message: message.replace(/\n+$/, ''),
      tree: { sha: tree },
    },
    parents: parents
      .split(' ')
      .filter(Boolean)
      .map((one) => ({ sha: one })),
  }
}

/** Objects of a repository, by id or by expression, each under its alias. */
export async function objects(ask: Ask, query: string): Promise<Answer> {
  const { owner, repo } = ask.body.variables as { owner: string; repo: string }
  const repository = ask.state.repositories.find(
    (one) => one.fullName === `${owner}/${repo}` && one.installationId === ask.installationId,
  )
  if (repository?.folder === undefined) return notSeen(`${owner}/${repo}`)
  const asked = [...query.matchAll(/(\w+):\s*object\((?:oid|expression):\s*("(?:[^"\\]|\\.)*")\)/g)]
  const names = asked.map(([, , name = '""']) => String(JSON.parse(name)))
  const found = await objectsIn(repository.folder, names)
  const told = asked.map(([, alias = ''], at) => [alias, found[at] ?? null])
  return ok({ data: { repository: Object.fromEntries(told) } })
}

const notSeen = (name: string): Answer =>
  ok({
    data: { repository: null },
    errors: [
      { type: 'NOT_FOUND', message: `Could not resolve to a Repository with the name '${name}'.` },
    ],
  })

/** One git for all of them: a hundred are asked for at once. */
async function objectsIn(folder: string, names: readonly string[]) {
  const given = { cwd: folder, encoding: 'buffer', maxBuffer: 2 ** 28 } as const
  const running = promisify(execFile)('git', ['cat-file', '--batch'], given)
  running.child.stdin?.end(`${names.join('\n')}\n`)
  const { stdout } = await running
  let at = 0
  return names.map(() => {
    const end = stdout.indexOf(10, at)
    const [oid = '', type = '', size] = stdout.toString('utf8', at, end).split(' ')
    const isThere = size !== undefined && type !== 'missing' && /^[0-9a-f]{40}$/.test(oid)
    const from = end + 1
    at = isThere ? from + Number(size) + 1 : from
    return isThere ? objectShape({ oid, type }, stdout.subarray(from, at - 1)) : null
  })
}

function objectShape({ oid, type }: { oid: string; type: string }, bytes: Buffer) {
  switch (type) {
    case 'commit':
      return { __typename: 'Commit', oid, tree: { oid: bytes.toString('utf8', 5, 45) } }
    case 'tree':
      return { __typename: 'Tree', oid, entries: [...treeEntries(bytes)] }
    default: {
      const isBinary = bytes.includes(0)
      const text = isBinary ? null : bytes.subarray(0, textMax).toString('utf8')
      return { __typename: 'Blob', oid, byteSize: bytes.length, isBinary, text }
    }
  }
}

/** `<mode> <name>`, a byte 0, and 20 bytes of the id, one after the other. */
function* treeEntries(bytes: Buffer) {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at)
    const [, mode = '', name = ''] = /^(\d+) (.*)$/s.exec(bytes.toString('utf8', at, end)) ?? []
    const type = types[mode.padStart(6, '0')] ?? 'blob'
    at = end + 21
    yield { name, mode: Number.parseInt(mode, 8), type, oid: bytes.toString('hex', end + 1, at) }
  }
}
