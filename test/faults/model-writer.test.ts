import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FolderChange } from '../../src/domain/change.ts'
import type { HistoryPort } from '../../src/domain/history.ts'
import type { Sha } from '../../src/domain/names.ts'
import { History } from '../../src/gitops/history.ts'
import type { GitopsWriter } from '../../src/gitops/writer.ts'
import { newWriter, tempGitops } from '../support/temp.ts'
import { MemoryWriter, memoryHistory } from './model/memory-access.ts'
import { MemoryBranch } from './model/memory-branch.ts'

const folder = fc.constantFrom('staging/web', 'production/web', 'production/api')
const files = fc.dictionary(
  fc.constantFrom('release.json', 'a.yaml', 'b.yaml'),
  fc.constantFrom('1', '2'),
  { minKeys: 1 },
)
const step = fc.oneof(
  fc.record({ kind: fc.constant('replace' as const), folder, files }),
  fc.record({ kind: fc.constant('restore' as const), folder, files }),
  fc.record({ kind: fc.constant('remove' as const), folder }),
  fc.record({ kind: fc.constant('by hand' as const), folder, files, isSeen: fc.boolean() }),
  fc.record({ kind: fc.constant('no' as const), folder, files }),
)
type Step = typeof step extends fc.Arbitrary<infer Of> ? Of : never

/** A branch with its writer, and what a person does to it. */
type Side = {
  readonly writer: GitopsWriter
  readonly history: HistoryPort
  readonly someoneCommits: (files: Record<string, string>) => Promise<unknown>
  /** A commit that had the folder. */
  readonly had: Map<string, Sha>
}

async function take({ writer, someoneCommits, had }: Side, step: Step, at: number) {
  const { kind, folder } = step
  const inFolder = (files: Record<string, string>) =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]))
  if (kind === 'by hand') {
    await someoneCommits({ ...inFolder(step.files), note: String(at) })
    if (step.isSeen) await writer.refresh()
    return 'by hand'
  }
  const texts = new Map('files' in step ? Object.entries(step.files) : [])
  const from = had.get(folder)
  if (kind === 'restore' && from === undefined) return 'nothing'
  const change: FolderChange =
    kind === 'remove'
      ? { kind, folder }
      : kind === 'restore'
        ? { kind, folder, from: from ?? '', files: texts }
        : { kind: 'replace', folder, files: texts }
  const commit = { change, message: `step ${at}\n`, unix: 1_700_000_000 + at }
  const result = await writer.commit(await writer.tip(), [commit], async () => kind !== 'no')
  if (result.kind === 'landed' && kind !== 'remove') had.set(folder, result.refs[0] ?? '')
  return result.kind
}

/** All that is read of a branch, without the ids, which are each side's own. */
async function told({ writer, history }: Side) {
  const tip = await writer.refresh()
  const commits = []
  for await (const { subject, changes } of history.commits({ from: null, to: tip }))
    if (changes.length > 0)
      commits.push({
        subject,
        changes: changes
          .map(({ path, id, isFolder }) => `${path} ${id !== null} ${isFolder}`)
          .sort(),
      })
  const folders = await history.folders(tip)
  const markers = [...folders.values()].flatMap(({ marker }) => marker ?? [])
  return {
    commits,
    folders: [...folders].map(([path, { marker }]) => `${path} ${marker !== null}`).sort(),
    texts: [...(await history.texts(markers)).values()].sort(),
    distance: await history.distance({ from: tip, to: tip }),
  }
}

test('the branch in memory does and tells what one of git does and tells', async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 8 })
  const alike = async (all: readonly Step[]) => {
    const ends: (() => unknown)[] = []
    const gitops = await tempGitops((end) => void ends.push(end))
    const branch = new MemoryBranch()
    let unix = 1_700_000_000
    const sides: readonly Side[] = [
      {
        writer: newWriter(gitops.git, gitops.remote, gitops.cloneFolder),
        history: new History(gitops.git, gitops.stream),
        someoneCommits: (files) => gitops.someoneCommits(files),
        had: new Map(),
      },
      {
        writer: new MemoryWriter(branch),
        history: memoryHistory(branch),
        someoneCommits: async (files) => branch.someoneCommits(files, ++unix),
        had: new Map(),
      },
    ]
    for (const [at, step] of all.entries()) {
      const [git, memory] = [await take(sides[0]!, step, at), await take(sides[1]!, step, at)]
      expect(memory).toBe(git)
    }
    expect(await told(sides[1]!)).toEqual(await told(sides[0]!))
    for (const end of ends.reverse()) await end()
  }
  await fc.assert(fc.asyncProperty(steps, alike), { numRuns: 15 })
})
