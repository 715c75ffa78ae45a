import { expect, test } from 'vitest'
import type { Artifact } from '../../src/domain/artifact.ts'
import { isRefusal } from '../../src/domain/fault.ts'
import { loadManifests } from '../../src/manifest/manifest-set.ts'
import { foreignArtifact, targetOf } from '../../src/release/targets.ts'
import { artifact } from '../support/builders.ts'

const stored = (given: Record<string, unknown>): Artifact => {
  const { version, ...rest } = artifact(given)
  return { ...rest, id: 'a-1', created: 0, version: { ...version, created: 0 } }
}
const target = { app: 'web', env: 'production' }
const own = { environments: [{ ...target, manifests: 'kind: Own' }] }
const head = 'app: web\nenv: production\n'
const good = `${head}manifests: |\n  kind: Folder\n`
const unreadable = '\t: {'

test.each([
  { name: 'the folder’s when all is well', files: { 'web.yaml': good }, want: 'kind: Folder\n' },
  { name: 'its own when the folder has none', files: {}, given: own, want: 'kind: Own' },
  {
    name: 'the folder’s beside a file that cannot be read',
    files: { 'a.yaml': unreadable, 'web.yaml': good },
    want: 'kind: Folder\n',
  },
  {
    name: 'its own beside a broken manifest of another app',
    files: { 'api.yaml': 'app: api\nenv: production\n' },
    given: own,
    want: 'kind: Own',
  },
  {
    name: 'its own beside a broken manifest of another environment',
    files: { 'web.yaml': 'app: web\nenv: staging\n' },
    given: own,
    want: 'kind: Own',
  },
  {
    name: 'none when a file cannot be read that may be the folder’s',
    files: { 'a.yaml': unreadable },
    given: own,
    want: 'a.yaml',
  },
  {
    name: 'none when the folder’s is broken',
    files: { 'web.yaml': head },
    given: own,
    want: 'web.yaml',
  },
  {
    name: 'none when the app’s manifest names no environment',
    files: { 'a.yaml': unreadable, 'web.yaml': good, 'z.yaml': 'app: web\nmanifests: "a: b"\n' },
    want: 'z.yaml',
  },
])('A9/I7: an artifact goes by $name', ({ files, given = {}, want }) => {
  const set = loadManifests({ version: 'v', files: new Map(Object.entries(files)) })
  const found = targetOf(stored(given), set, target)
  if (isRefusal(found))
    expect(found).toMatchObject({ code: 'invalid', message: expect.stringContaining(want) })
  else expect(found.manifests).toBe(want)
})

test.each([
  { name: 'the number that the manifest names', proved: 7, named: 7, isForeign: false },
  { name: 'another number under the same name', proved: 9, named: 7, isForeign: true },
  { name: 'no number that was proved', proved: undefined, named: 7, isForeign: false },
  { name: 'a number that no manifest asks for', proved: 9, named: null, isForeign: false },
])('A9: an artifact of $name', ({ proved, named, isForeign }) => {
  const number = named === null ? '' : `repositoryId: ${named}\n`
  const text = `repository: owner/web\n${number}${good}`
  const manifests = loadManifests({ version: 'v', files: new Map([['web.yaml', text]]) })
  const of = stored({
    version: { repositoryName: 'owner/web', ...(proved && { repositoryId: proved }) },
  })
  const foreign = foreignArtifact('web', of, { manifests, bindings: new Map() })
  expect(foreign?.code).toBe(isForeign ? 'forbidden' : undefined)
})
