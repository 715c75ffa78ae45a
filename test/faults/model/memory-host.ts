import { readAnchor, readTrailers } from '../../../src/release/commit-message.ts'
import { judge } from '../../crash/checker.ts'
import { type Commit, type Evidence, type ReleaseFile, readDatabase } from '../../crash/history.ts'
import { readAtRest } from '../../crash/rest-evidence.ts'
import type { Host } from './host.ts'
import { memoryAccess } from './memory-access.ts'
import { MemoryBranch, type MemoryCommit } from './memory-branch.ts'

/** A GitOps repository in memory, which thousands of sequences can have each for itself. */
export function memoryHost(): Host {
  const branch = new MemoryBranch()
  let unix = 1_700_000_000
  const someoneCommits: Host['someoneCommits'] = async (files) =>
    void branch.someoneCommits(files, ++unix)
  return {
    access: () => memoryAccess(branch),
    someoneCommits,
    async losesRace() {
      branch.beforePush = () => void branch.someoneCommits({ 'README.md': `${++unix}` }, unix)
    },
    async goesAway() {
      branch.isAway = true
    },
    async goesAwayAtPush() {
      branch.isToldNoMore = true
    },
    isAway: () => branch.isAway,
    async comesBack() {
      Object.assign(branch, { isAway: false, isToldNoMore: false })
    },
    pushed: async () =>
      new Set(branch.line(branch.tip).flatMap(({ message }) => releaseIn(message) ?? [])),
    judged: async (evidence) => judge(await historyOf(branch, evidence)),
  }
}

const releaseIn = (message: string) => readTrailers(message)?.releaseId || undefined

async function historyOf(branch: MemoryBranch, evidence: Pick<Evidence, 'database' | 'accepted'>) {
  const { arrivals, ...kept } = await readDatabase(evidence)
  const line = branch.line(branch.tip)
  const { tree } = branch.at(branch.tip)
  const marked = [...tree.keys()].filter((path) => /^[^/]+\/[^/]+\/release\.json$/.test(path))
  const commits = line.map((commit) => commitOf(branch, commit))
  return {
    ...kept,
    // Without secrets to look for, nothing is read of a repository.
    ...(await readAtRest({ database: evidence.database, remote: '' }, commits)),
    commits,
    accepted: evidence.accepted.map((id) => arrivals.get(id) ?? id),
    seen: [],
    held: new Set(line.map(({ ref }) => ref)),
    standing: new Map(
      marked.map((path) => [path.slice(0, -'/release.json'.length), readRelease(tree.get(path))]),
    ) as Map<string, ReleaseFile>,
  }
}

function commitOf(branch: MemoryBranch, commit: MemoryCommit): Commit {
  const { ref, parent, tree, message, unix, isOurs } = commit
  const changed = branch.changes(commit).filter(({ isFolder }) => !isFolder)
  const paths = changed.map(({ path }) => path)
  const folders = new Set(paths.map((path) => path.split('/').slice(0, 2).join('/')))
  const folder = folders.size === 1 ? [...folders][0] : undefined
  const { releaseId = '', decisionId = '', policyVersion = '' } = readTrailers(message) ?? {}
  const anchor = readAnchor(message)
  return {
    ...{ ref, unix, isOurs, paths, folder, releaseId, decisionId, policyVersion },
    auditHead: anchor ? `${anchor.seq}:${anchor.hash}` : '',
    parents: parent === null ? [] : [parent],
    release: readRelease(tree.get(`${folder}/release.json`)),
  }
}

const readRelease = (text: string | undefined): ReleaseFile | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as ReleaseFile)
