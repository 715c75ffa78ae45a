import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { simpleGit } from 'simple-git'
import { openClone } from '../dist/gitops/clone.js'
import { directPushFrom } from '../dist/gitops/direct-push.js'
import { LocalWriter } from '../dist/gitops/local.js'
import { git, run, timed } from './git.mjs'
import { openDirect } from './receive-pack.mjs'
import { commitStream } from './repositories.mjs'

/**
 * Every way to bring a batch of planned commits to a remote. `open` prepares a working folder for a
 * remote of its own and answers `release(commits)`, which returns its milliseconds; those of a
 * strategy that can tell them also in `buildMs` and `pushMs`. What is not part of a release is done
 * outside of the clock. To measure one more, add one more.
 *
 * `pace` says how often a strategy takes part: `slow` ones cost seconds on the large repository.
 * `batches`: whether it is also measured with several commits in one push; `isRemote`: also over HTTP.
 */
export const strategies = [
  { name: 'clone, full', pace: 'slow', open: openClones([]) },
  { name: 'clone --depth 1', pace: 'slow', isRemote: true, open: openClones(['--depth', '1']) },
  {
    name: 'clone, blobless, sparse',
    pace: 'slow',
    open: openClones(['--depth', '1', '--filter=blob:none', '--sparse']),
  },
  { name: "Lunar's way", pace: 'slow', open: openLunar },
  { name: "GimletD-Go's way", pace: 'slow', open: openGimletdGo },
  { name: 'work tree, simple-git', pace: 'middle', batches: true, open: openSimpleGit },
  { name: 'work tree, spawn', pace: 'middle', batches: true, open: openWorkTree },
  { name: 'push only', pace: 'fast', batches: true, isRemote: true, open: openPushOnly },
  { name: 'fast-import + push', pace: 'fast', batches: true, open: openAlone },
  { name: 'direct', pace: 'fast', batches: true, open: openDirect },
  { name: 'ours', pace: 'fast', batches: true, isRemote: true, open: openOurs },
]

export const strategyNamed = (name) => strategies.find((one) => one.name === name)

/** The writer as it was built, on a bare clone that has seen the remote. */
export async function openWriter({ remote, url, folder, env = process.env }) {
  const clone = join(folder, 'clone.git')
  await bareClone({ remote, clone })
  const given = { url: url ?? remote, branch: 'main' }
  const opened = await openClone(clone, given, env)
  const direct = directPushFrom(given, { folder: clone, environment: env, ssh: opened.ssh })
  const writer = new LocalWriter(opened, given, direct)
  await writer.refresh()
  return writer
}

/** What the server would have fetched, in the place where it looks: to fetch all takes minutes. */
export async function bareClone({ remote, clone }) {
  await run('/', ['cp', '-al', remote, clone])
  await run('/', ['cp', '--remove-destination', join(remote, 'config'), join(clone, 'config')])
  await git(clone, ['update-ref', 'refs/gimlet/remote', 'refs/heads/main'])
  await git(clone, ['update-ref', '-d', 'refs/heads/main'])
  rmSync(join(clone, 'logs'), { recursive: true, force: true })
}

async function openOurs(place) {
  const writer = await openWriter(place)
  return {
    async release(commits) {
      const tip = await writer.tip()
      const startedAt = performance.now()
      let builtAt = startedAt
      const result = await writer.commit(tip, commits, async () => {
        builtAt = performance.now()
        return true
      })
      const endedAt = performance.now()
      if (result.kind !== 'landed') throw new Error(`ours: ${result.kind}`)
      return { ms: endedAt - startedAt, buildMs: builtAt - startedAt, pushMs: endedAt - builtAt }
    },
  }
}

/** Plain git in a bare clone: a build by fast-import, and a push. */
async function openBare({ remote, url, folder }) {
  const clone = join(folder, 'bare.git')
  await run('/', ['cp', '-al', remote, clone])
  await run('/', ['cp', '--remove-destination', join(remote, 'config'), join(clone, 'config')])
  await git(clone, ['config', 'gc.auto', '0'])
  let tip = await git(clone, ['rev-parse', 'main'])
  const build = async (commits) => {
    const streams = commits.map((one, at) =>
      commitStream(one, { ref: 'refs/bench/build', mark: at + 1, ...(at === 0 && { from: tip }) }),
    )
    const input = `feature done\n${streams.join('')}get-mark :${commits.length}\ndone\n`
    const args = ['-c', 'fastimport.unpackLimit=1', 'fast-import', '--quiet', '--done', '--force']
    return () => git(clone, args, { input })
  }
  const push = async (built) => {
    await git(clone, ['push', '--porcelain', url ?? remote, `${built}:refs/heads/main`])
    tip = built
  }
  return { clone, build, push }
}

async function openPushOnly(place) {
  const { build, push } = await openBare(place)
  return {
    async release(commits) {
      const built = await (await build(commits))()
      return { ms: await timed(() => push(built)) }
    },
  }
}

async function openAlone(place) {
  const { build, push } = await openBare(place)
  return {
    async release(commits) {
      const made = await build(commits)
      return { ms: await timed(async () => push(await made())) }
    },
  }
}

function writeFiles(tree, { change }) {
  const folder = join(tree, change.folder)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of change.files) writeFileSync(join(folder, name), text)
}

/** `git add`, as told, and `git commit`. */
async function commitIn(tree, commit, what) {
  writeFiles(tree, commit)
  await git(tree, ['add', '--all', ...(what ?? [commit.change.folder])])
  await git(tree, ['commit', '--quiet', '-F', '-'], { input: commit.message })
}

function openClones(options) {
  const isSparse = options.includes('--sparse')
  return async ({ remote, url, folder }) => ({
    async release(commits) {
      const tree = mkdtempSync(join(folder, 'clone-'))
      const ms = await timed(async () => {
        await git(folder, ['clone', '--quiet', ...options, url ?? `file://${remote}`, tree])
        for (const commit of commits) {
          if (isSparse) await git(tree, ['sparse-checkout', 'add', commit.change.folder])
          await commitIn(tree, commit)
        }
        await git(tree, ['push', '--quiet', 'origin', 'HEAD:main'])
        await run(folder, ['rm', '-rf', tree])
      })
      return { ms }
    },
  })
}

/** A clone with a work tree that is kept up to date and copied for each release. */
async function openLunar({ remote, folder }) {
  const kept = join(folder, 'kept')
  await git(folder, ['clone', '--quiet', `file://${remote}`, kept])
  return {
    async release(commits) {
      const tree = join(folder, 'copy')
      const ms = await timed(async () => {
        await git(kept, ['fetch', '--quiet', 'origin', 'main'])
        await git(kept, ['pull', '--quiet', '--ff-only'])
        await run(folder, ['cp', '-a', kept, tree])
        for (const commit of commits) await commitIn(tree, commit, ['.'])
        await git(tree, ['push', '--porcelain', 'origin', 'main'])
        await run(folder, ['rm', '-rf', tree])
      })
      return { ms }
    },
  }
}

/** The same, but brought up to date beside the releases, and only the app's folder is added. */
async function openGimletdGo({ remote, folder }) {
  const kept = join(folder, 'kept')
  await git(folder, ['clone', '--quiet', '--depth', '100', `file://${remote}`, kept])
  return {
    async release(commits) {
      await git(kept, ['pull', '--quiet', '--ff-only'])
      const tree = join(folder, 'copy')
      const ms = await timed(async () => {
        await run(folder, ['cp', '-a', kept, tree])
        for (const commit of commits) await commitIn(tree, commit)
        await git(tree, ['push', '--porcelain', 'origin', 'main'])
        await run(folder, ['rm', '-rf', tree])
      })
      return { ms }
    },
  }
}

async function openSimpleGit({ remote, folder }) {
  const tree = join(folder, 'tree')
  await git(folder, ['clone', '--quiet', remote, tree])
  await git(tree, ['config', 'user.name', 'bench'])
  await git(tree, ['config', 'user.email', 'bench@example.com'])
  const simple = simpleGit({ baseDir: tree })
  return {
    async release(commits) {
      const ms = await timed(async () => {
        await simple.fetch('origin', 'main')
        await simple.reset(['--hard', 'origin/main'])
        for (const commit of commits) {
          writeFiles(tree, commit)
          await simple.add([commit.change.folder])
          await simple.commit(commit.message)
        }
        await simple.push('origin', 'main')
      })
      return { ms }
    },
  }
}

async function openWorkTree({ remote, folder }) {
  const tree = join(folder, 'tree')
  await git(folder, ['clone', '--quiet', remote, tree])
  return {
    async release(commits) {
      const ms = await timed(async () => {
        await git(tree, ['fetch', '--quiet', 'origin', 'main'])
        await git(tree, ['reset', '--quiet', '--hard', 'origin/main'])
        for (const commit of commits) await commitIn(tree, commit)
        await git(tree, ['push', '--quiet', 'origin', 'main'])
      })
      return { ms }
    },
  }
}
