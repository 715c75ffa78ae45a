import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cloneConfig, credentialOf, isSsh, type Remote, sshCommand } from './clone-config.ts'
import { isBroken, isThere, sweep, sweepLocks } from './damage.ts'
import { discreet } from './discreet.ts'
import { buildRef, importStream } from './fast-import.ts'
import { type Clone, resolve } from './forward.ts'
import { type Git, gitIn } from './git.ts'
import { BranchMemory } from './memory.ts'
import { mending } from './mending.ts'
import { pausing } from './pausing.ts'
import { remoteRef } from './refs.ts'
import { signingWith } from './signing.ts'
import { socketsIn } from './sockets.ts'
import { movesBetween, Upkeep } from './upkeep.ts'

export type { Remote } from './clone-config.ts'

/** A repack says nothing while it runs. */
const tidyMsMost = 600_000

/**
 * Makes the bare clone that everything is built in, or takes the one that is there. It is a cache:
 * it may go at any time, and is made anew when it does not hold what it should. What was seen of the
 * branch lies beside it. Credentials lie in its `config` file (mode 0600), never in an argument, a URL
 * or the environment. Throws `setting_wrong` when commits are to be signed and cannot be.
 */
export async function openClone(
  folder: string,
  remote: Remote,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<Clone> {
  const { url, branch } = remote
  const memory = new BranchMemory({ file: `${folder}.seen`, url, branch })
  for (const left of ['.new', '.broken']) await rm(folder + left, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await sweep(folder)
  const git = gitIn(folder, environment)
  if (memory.isOfAnother || (await isBroken(git))) await rm(folder, { recursive: true })
  const sockets = isSsh(url) ? await socketsIn(dirname(folder)) : null
  const ssh = sshCommand(remote, { sockets, knownHosts: join(dirname(folder), 'known_hosts') })
  const config = cloneConfig(remote, { remoteRef, ssh })
  const lay = async (place: string) =>
    discreet(await layClone(place, config, environment), remote.token)
  await lay(folder)
  const sign = await signingWith(remote, { folder, environment })
  const tip = await resolve(git, remoteRef)
  if (memory.tip === undefined && tip) memory.sees(tip)
  memory.isDue = tip !== memory.tip
  const upkeeps = [folder, ...(remote.isOurs ? [url] : [])].map(
    (place) =>
      new Upkeep({
        git: gitIn(place, environment, tidyMsMost),
        folder: place,
        every: remote.tidyEvery ?? movesBetween,
      }),
  )
  for (const upkeep of upkeeps) await upkeep.begin()
  const moved = () => {
    for (const upkeep of upkeeps) upkeep.moved()
  }
  const rest = async () => {
    for (const upkeep of upkeeps) await upkeep.rest()
  }
  const spoken = pausing(discreet(git, remote.token))
  const kept = mending({ git: spoken, folder, branch, memory, lay, moved })
  const { author } = remote
  return Object.assign(kept, { memory, rest, ssh, author, sign, credential: credentialOf(remote) })
}

/** Makes a clone that holds nothing yet, or gives the one that is there its configuration. */
async function layClone(
  folder: string,
  text: string,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<Git> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const git = gitIn(folder, environment)
  if (!isThere(folder)) await git(['init', '--bare', '--initial-branch=main'])
  // A new file that takes the place of the old one, because only a new one gets the mode.
  const config = join(folder, 'config')
  await rm(`${config}.new`, { force: true })
  await writeFile(`${config}.new`, text, { mode: 0o600 })
  await rename(`${config}.new`, config)
  return git
}

/**
 * Makes the local GitOps repository that a server without configuration writes to. Its branch is made
 * last: a repository without it was left by a start that was ended halfway, and is made to its end.
 */
export async function createRepository(
  folder: string,
  branch: string,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<void> {
  const refs = [`refs/heads/${branch}`, 'packed-refs']
  if (refs.some((name) => existsSync(join(folder, name)))) {
    // A power cut may have left one, and nobody else looks after this repository.
    await sweepLocks(folder)
    return configure(folder)
  }
  await mkdir(folder, { recursive: true })
  await sweep(folder)
  const git = gitIn(folder, environment)
  await git(['init', '--bare', `--initial-branch=${branch}`])
  await configure(folder)
  const now = Math.floor(Date.now() / 1000)
  const first = {
    change: { kind: 'remove', folder: '' },
    message: 'The GitOps repository begins',
    unix: now,
  } as const
  const ref = await git(
    ['fast-import', '--quiet', '--done'],
    importStream(null, [{ commit: first, tree: null }]),
  )
  await git(['update-ref', `refs/heads/${branch}`, ref.trim()])
  await git(['update-ref', '-d', buildRef])
}

const mark = '# GimletD keeps this repository'
/** A push that was answered is on the disk, as one pack, and we tidy. Written once: people may change it. */
const ourConfig = `${mark}
[core]
	fsync = committed
[receive]
	autoGc = false
	unpackLimit = 1
[gc]
	auto = 0
`

async function configure(folder: string): Promise<void> {
  const config = join(folder, 'config')
  if (!(await readFile(config, 'utf8')).includes(mark)) await appendFile(config, ourConfig)
}
