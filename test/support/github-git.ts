import { z } from 'zod'
import {
  type Answer,
  checked,
  found,
  message,
  ok,
  type RepositoryAsk,
  unprocessable,
} from './github-answers.ts'
import { byLines, person } from './github-signed.ts'
import { someonesGit, someonesGitTold } from './temp.ts'

export type GitRoute = readonly [
  method: string,
  path: string,
  needs: string,
  run: (ask: RepositoryAsk) => Promise<Answer>,
]

/** The Git Data API, and what else reads commits, of a repository that has a folder. */
export const gitRoutes: readonly GitRoute[] = [
  ['GET', '/git/ref/*ref', 'contents', reference],
  ['PATCH', '/git/refs/*ref', 'contents', moveReference],
  ['GET', '/contents/*path', 'contents', contents],
  ['GET', '/git/commits/:sha', 'contents', async (ask) => ok(await commitShape(ask, id(ask)))],
  ['POST', '/git/commits', 'contents', makeCommit],
  ['POST', '/git/trees', 'contents', makeTree],
  ['GET', '/commits/:sha', 'contents', commit],
]

const modes = ['100644', '100755', '040000', '160000', '120000'] as const
export const types = { '040000': 'tree', '160000': 'commit' } as Readonly<Record<string, string>>
const sha = z.string().regex(/^[0-9a-f]{40}$/)
const newTree = z.object({
  base_tree: sha.optional(),
  tree: z.array(
    z.object({
      path: z.string().min(1),
      mode: z.enum(modes),
      type: z.enum(['blob', 'tree', 'commit']),
      sha: sha.nullish(),
      content: z.string().optional(),
    }),
  ),
})
const newCommit = z.object({
  message: z.string(),
  tree: sha,
  parents: z.array(sha),
  author: person.optional(),
  committer: person.optional(),
})
const move = z.object({ sha, force: z.boolean().default(false) })

type GivenEntry = z.infer<typeof newTree>['tree'][number]
type Entry = { readonly mode: string; readonly sha: string }

const id = ({ params }: RepositoryAsk): string => found(params.sha)

/** Runs git in the repository; what git cannot do ends the route. */
export const git = ({ repository }: RepositoryAsk, ...args: readonly string[]): Promise<string> =>
  someonesGit(found(repository.folder), ...args)

/** What git answers in one line; nothing when it says that there is no such thing. */
export const told = async (
  ask: RepositoryAsk,
  ...args: readonly string[]
): Promise<string | undefined> => (await git(ask, ...args).catch(() => undefined))?.trim()

const written = (ask: RepositoryAsk, type: string, text: string): Promise<string> =>
  someonesGitTold(
    { folder: found(ask.repository.folder), input: text },
    'hash-object',
    '-w',
    '-t',
    type,
    '--stdin',
  )

export async function isOf(ask: RepositoryAsk, type: string, name: string): Promise<boolean> {
  return (await told(ask, 'cat-file', '-t', name)) === type
}

async function reference(ask: RepositoryAsk): Promise<Answer> {
  const name = `refs/${found(ask.params.ref)}`
  const at = await told(ask, 'rev-parse', '--verify', name)
  if (at !== undefined) return ok({ ref: name, object: { type: 'commit', sha: at } })
  const isEmpty = (await git(ask, 'for-each-ref')) === ''
  return isEmpty ? message(409, 'Git Repository is empty.') : message(404, 'Not Found')
}

async function moveReference(ask: RepositoryAsk): Promise<Answer> {
  const name = `refs/${found(ask.params.ref)}`
  const { sha: to, force } = checked(ask, move)
  await moveRef(ask, { name, to, force })
  return ok({ ref: name, object: { type: 'commit', sha: to } })
}

type Move = {
  readonly name: string
  readonly to: string
  readonly force: boolean
  /** Where it has to be, if it has to be anywhere. */
  readonly before?: string | undefined
}

/** Moves a reference, or ends the route with why not. */
export async function moveRef(ask: RepositoryAsk, { name, to, force, before }: Move) {
  const { repository } = ask
  await repository.beforeMove?.()
  const from = await told(ask, 'rev-parse', '--verify', name)
  if (from === undefined) throw unprocessable('Reference does not exist')
  if (before !== undefined && before !== from)
    throw unprocessable(`Reference is at ${from} but expected ${before}`)
  if (!(await isOf(ask, 'commit', to))) throw unprocessable('Object does not exist')
  if (!force && (await told(ask, 'merge-base', '--is-ancestor', from, to)) === undefined)
    throw unprocessable('Update is not a fast forward')
  if (repository.refusal !== undefined) throw unprocessable(repository.refusal)
  if ((await told(ask, 'update-ref', name, to, from)) === undefined)
    throw unprocessable('Reference update failed')
  await repository.afterMove?.()
}

/** A folder as its media type for objects has it. */
async function contents(ask: RepositoryAsk): Promise<Answer> {
  if (!ask.accept.includes('.object')) throw unprocessable('the stand-in answers objects only')
  const [path, ref] = [found(ask.params.path), ask.query.get('ref') ?? 'HEAD']
  const own = found(await told(ask, 'rev-parse', '--verify', `${ref}:${path}`))
  if (!(await isOf(ask, 'tree', own))) return ok({ type: 'file', path, sha: own })
  const entries = [...(await entriesOf(ask, own))]
  const listed = entries.map(([name, entry]) => ({ name, path: `${path}/${name}`, sha: entry.sha }))
  return ok({ type: 'dir', path, sha: own, entries: listed })
}

async function commitShape(ask: RepositoryAsk, name: string) {
  if (!(await isOf(ask, 'commit', name))) return found(undefined)
  const printed = await git(ask, 'show', '-s', '--format=%H %T %P', name)
  const [own = '', tree = '', ...parents] = printed.trim().split(' ')
  const verified = (await git(ask, 'cat-file', 'commit', own)).includes('\ngpgsig ')
  const verification = { verified, reason: verified ? 'valid' : 'unsigned' }
  return {
    ...{ sha: own, tree: { sha: tree }, verification },
    parents: parents.map((one) => ({ sha: one })),
  }
}

async function makeCommit(ask: RepositoryAsk): Promise<Answer> {
  const given = checked(ask, newCommit)
  if (!(await isOf(ask, 'tree', given.tree))) throw unprocessable('Tree SHA does not exist')
  for (const parent of given.parents)
    if (!(await isOf(ask, 'commit', parent))) throw unprocessable('Parent SHA does not exist')
  const head = [
    `tree ${given.tree}`,
    ...given.parents.map((parent) => `parent ${parent}`),
    ...byLines(ask.state, given),
  ]
  const made = await written(ask, 'commit', `${head.join('\n')}\n\n${given.message}`)
  return ok(await commitShape(ask, made.trim()), 201)
}

async function entriesOf(ask: RepositoryAsk, tree: string): Promise<Map<string, Entry>> {
  const listed = await git(ask, 'ls-tree', '-z', tree)
  const entries = listed.split('\0').filter(Boolean)
  return new Map(
    entries.map((line) => {
      const [, mode = '', own = '', path = ''] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? []
      return [path, { mode, sha: own }]
    }),
  )
}

async function treeShape(ask: RepositoryAsk, name: string) {
  const own = found(await told(ask, 'rev-parse', '--verify', `${name}^{tree}`))
  const entries = [...(await entriesOf(ask, own))]
  const tree = entries.map(([path, entry]) => ({
    ...{ path, ...entry },
    type: types[entry.mode] ?? 'blob',
  }))
  return { sha: own, tree, truncated: false }
}

async function makeTree(ask: RepositoryAsk): Promise<Answer> {
  const { base_tree: base, tree: given } = checked(ask, newTree)
  if (given.length === 0) throw unprocessable('Invalid tree info')
  if (base !== undefined && !(await isOf(ask, 'tree', base)))
    throw unprocessable('base_tree is not a valid tree')
  const made = await treeOf(ask, base, given)
  return ok(await treeShape(ask, made ?? ''), 201)
}

/** Lays entries over a tree; those of one folder are laid over that folder, together. */
async function treeOf(
  ask: RepositoryAsk,
  base: string | undefined,
  given: readonly GivenEntry[],
): Promise<string | undefined> {
  const entries = base === undefined ? new Map<string, Entry>() : await entriesOf(ask, base)
  const deeper = new Map<string, GivenEntry[]>()
  for (const entry of given) {
    const [first = '', ...rest] = entry.path.split('/')
    if (rest.length > 0) {
      const below = { ...entry, path: rest.join('/') }
      deeper.set(first, [...(deeper.get(first) ?? []), below])
    } else await lay(ask, entries, entry)
  }
  for (const [name, below] of deeper) {
    const old = entries.get(name)
    const made = await treeOf(ask, old?.mode === '040000' ? old.sha : undefined, below)
    if (made === undefined) entries.delete(name)
    else entries.set(name, { mode: '040000', sha: made })
  }
  if (entries.size === 0) return undefined
  const lines = [...entries].map(
    ([path, { mode, sha: own }]) => `${mode} ${types[mode] ?? 'blob'} ${own}\t${path}\0`,
  )
  return (
    await someonesGitTold(
      { folder: found(ask.repository.folder), input: lines.join('') },
      'mktree',
      '-z',
    )
  ).trim()
}

async function lay(
  ask: RepositoryAsk,
  entries: Map<string, Entry>,
  { path, mode, type, sha: own, content }: GivenEntry,
): Promise<void> {
  if ((own === undefined) === (content === undefined))
    throw unprocessable('Must supply either tree.sha or tree.content.')
  if (own === null) {
    // A folder is not taken away by its name: that is what GitHub answers.
    if (type !== 'blob' || !entries.delete(path)) throw unprocessable('GitRPC::BadObjectState')
    return
  }
  const old = entries.get(path)
  const isMerged = ask.repository.mergesFolders && type === 'tree' && old?.mode === '040000'
  if (isMerged) return mergeInto(ask, entries, { path, old, sha: own ?? '' })
  const made = own ?? (await written(ask, 'blob', content ?? '')).trim()
  if (!(await isOf(ask, type, made))) throw unprocessable(`tree.sha ${made} is not a valid ${type}`)
  entries.set(path, { mode, sha: made })
}

async function commit(ask: RepositoryAsk): Promise<Answer> {
  const name = id(ask)
  const shape = await commitShape(ask, name)
  if (!ask.accept.includes('.diff')) return ok(shape)
  const diff = await git(ask, 'show', '--format=', '--no-color', name)
  const headers = { 'content-type': 'application/vnd.github.diff; charset=utf-8' }
  return { status: 200, body: diff, headers }
}

/** What a GitHub would do that laid one folder over the other. */
async function mergeInto(
  ask: RepositoryAsk,
  entries: Map<string, Entry>,
  { path, old, sha: own }: { path: string; old: Entry; sha: string },
): Promise<void> {
  const over = [...(await entriesOf(ask, own))].map(([name, { mode, sha: id }]) => ({
    ...{ path: name, mode: mode as (typeof modes)[number], sha: id },
    type: (types[mode] ?? 'blob') as GivenEntry['type'],
  }))
  const merged = await treeOf(ask, old.sha, over)
  entries.set(path, { mode: '040000', sha: merged ?? old.sha })
}
