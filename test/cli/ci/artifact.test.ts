import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { artifactWords } from '../../../src/cli/artifact.ts'
import { run } from '../../../src/cli/run.ts'
import { parseArtifact } from '../../../src/domain/artifact.ts'
import { isRefusal } from '../../../src/domain/fault.ts'
import { plain } from '../../../src/messages/paint.ts'
import { sha } from '../../support/builders.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const digest = `sha256:${'a'.repeat(64)}`

async function gimlet(...words: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const say = (to: string[]) => (text: string) => void to.push(text)
  const terminal = { out: say(out), err: say(err), paint: plain, environment: {} }
  const code = await run(words, terminal)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'))
function file(name: string, content: string): string {
  const path = join(tempFolder(), name)
  writeFileSync(path, content)
  return path
}

/** As GimletD's own documentation calls it, but for the values. */
const gimletdFlags = [
  ...['--repository=owner/web', `--sha=${sha}`, '--created=2021-06-04T09:52:37+02:00'],
  ...['--branch=master', '--event=pr', '--sourceBranch=feature', '--targetBranch=master', '--tag='],
  ...['--authorName=First Last', '--authorEmail', 'first@example.com', '--committerName=C'],
  ...['--committerEmail=c@example.com', '--message=one\ntwo = 3', '--url=https://example.com/c'],
]

describe('artifact create', () => {
  it('takes the flags of GimletD’s as they were, and writes what the server takes', async () => {
    const path = join(tempFolder(), 'artifact.json')
    expect((await gimlet('artifact', 'create', ...gimletdFlags, '-o', path)).code).toBe(0)
    expect(json(path)).toEqual({
      version: {
        ...{ repositoryName: 'owner/web', sha, created: 1622793157, branch: 'master', event: 'pr' },
        ...{ sourceBranch: 'feature', targetBranch: 'master', tag: '', message: 'one\ntwo = 3' },
        ...{ authorName: 'First Last', authorEmail: 'first@example.com', committerName: 'C' },
        ...{ committerEmail: 'c@example.com', url: 'https://example.com/c' },
      },
      ...{ context: {}, environments: [], items: [] },
    })
    expect(isRefusal(parseArtifact(json(path)))).toBe(false)
  })

  it('prints without a file, and takes a flag in any spelling', async () => {
    const words = [
      '--repository',
      'owner/web',
      '--sha',
      sha,
      '--SOURCE-BRANCH',
      'x',
      '--id',
      'web-1',
    ]
    const { out } = await gimlet('artifact', 'create', ...words, '--output', 'json')
    expect(JSON.parse(out)).toMatchObject({ id: 'web-1', version: { sourceBranch: 'x' } })
  })

  test.each([
    { words: ['--repositry', 'owner/web'], says: 'did you mean --repository?' },
    { words: ['--shaa=1'], says: 'did you mean --sha?' },
    { words: ['--sha'], says: '--sha needs a value' },
    { words: ['--sha', 'a1b2', '--sha', 'a1b2'], says: 'twice' },
    {
      words: ['--repository=o/w', '--sha', sha, '-o', '/nowhere/a.json'],
      says: 'cannot be written',
    },
    { words: ['artifact.json'], says: 'Unexpected "artifact.json"' },
    { words: ['--repository', '../x', '--sha', sha], says: 'artifact.version.repositoryName' },
    { words: ['--repository', 'o/w', '--sha', sha, '--event', 'merge'], says: 'push, tag or pr' },
    {
      words: ['--repository', 'o/w', '--sha', sha, '--created', 'today'],
      says: '--created is such as',
    },
    { words: ['--sha', sha, '--repository='], says: 'GIMLET_BUILD_REPOSITORY' },
  ])('refuses $words, and says what to write', async ({ words, says }) => {
    const { code, out, err } = await gimlet('artifact', 'create', ...words)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(says)
  })
})

describe('artifact add', () => {
  async function added(...words: readonly string[]) {
    const path = file(
      'artifact.json',
      JSON.stringify({ version: { sha }, context: { KEPT: '1' }, unknown: [1] }),
    )
    const result = await gimlet('artifact', 'add', '-f', path, ...words)
    return { ...result, artifact: json(path) }
  }

  it('puts the fields of one item into the file, and keeps the rest', async () => {
    const words = ['--field', 'name=CI', '--field', 'url=https://ci.example.com/?a=b']
    expect((await added(...words)).artifact).toEqual({
      ...{ version: { sha }, context: { KEPT: '1' }, unknown: [1] },
      items: [{ name: 'CI', url: 'https://ci.example.com/?a=b' }],
    })
  })

  it('adds variables to those that are there, which GimletD’s replaced', async () => {
    const { artifact } = await added('--var', 'A=1', '--context', 'B=x=y')
    expect(artifact.context).toEqual({ KEPT: '1', A: '1', B: 'x=y' })
  })

  it('adds every manifest of an environment file', async () => {
    const path = file(
      'envs.yaml',
      'app: web\nenv: staging\nvalues:\n  image: "{{ .image.tag }}"\n  port: 8080\n---\napp: web\nenv: production\n',
    )
    const { artifact } = await added('--envFile', path)
    expect(artifact.environments).toEqual([
      { app: 'web', env: 'staging', values: { image: '{{ .image.tag }}', port: 8080 } },
      { app: 'web', env: 'production' },
    ])
  })

  test.each([
    [
      'web=registry.example.com:5000/a/b:1.2',
      { name: 'web', repository: 'registry.example.com:5000/a/b', tag: '1.2' },
    ],
    [`a/b@${digest}`, { name: 'image', repository: 'a/b', digest }],
    [`image=nginx:1@${digest}`, { name: 'image', repository: 'nginx', tag: '1', digest }],
    ['localhost:5000/web', { name: 'image', repository: 'localhost:5000/web' }],
  ])('--image %s is its parts', async (text, item) => {
    expect((await added('--image', text)).artifact.items).toEqual([item])
  })

  it('counts reports together, and puts the image last, whose fields GimletD’s manifests name', async () => {
    const reports = tempFolder()
    mkdirSync(join(reports, 'deep'))
    writeFileSync(join(reports, 'a.xml'), '<testsuite><testcase/></testsuite>')
    writeFileSync(
      join(reports, 'deep/b.xml'),
      '<testsuite><testcase><failure/></testcase></testsuite>',
    )
    const grype = file('grype.json', '{"matches": [{"vulnerability": {"severity": "High"}}]}')
    const sbom = file('bom.json', '{"bomFormat": "CycloneDX"}')
    const { artifact } = await added(
      ...['--image', 'web:1', '--test-results', reports, '--scan', grype, '--scan', grype],
      ...['--sbom', `${sbom}=https://example.com/bom`, '--link', 'docs=https://example.com/d'],
    )
    expect(artifact.items).toEqual([
      { name: 'docs', url: 'https://example.com/d' },
      {
        name: 'sbom',
        format: 'cyclonedx',
        url: 'https://example.com/bom',
        sha256: expect.any(String),
      },
      { name: 'tests', total: 2, failures: 1, errors: 0, skipped: 0 },
      { name: 'scan', tool: 'grype', critical: 0, high: 2, medium: 0, low: 0, unknown: 0 },
      { name: 'image', repository: 'web', tag: '1' },
    ])
  })

  test.each([
    { words: ['--image', 'web:'], says: '--image is name=' },
    { words: ['--image', 'web@sha256:1'], says: '--image is name=' },
    { words: ['--field', 'name'], says: '--field is name=value' },
    { words: ['--link', 'a=javascript:x'], says: '--link is name=https' },
    { words: ['--test-results', '/nowhere.xml'], says: 'There is no file /nowhere.xml' },
    { words: ['--scan', 'package.json'], says: 'package.json: it is neither' },
    { words: ['--sbom', 'package.json'], says: 'package.json: it is neither' },
    { words: ['--env-file', 'tsconfig.jso'], says: 'There is no file' },
    { words: ['--branch', 'main'], says: 'There is no --branch' },
  ])('refuses $words and leaves the file as it was', async ({ words, says }) => {
    const { code, err, artifact } = await added(...words)
    expect([code, err]).toEqual([2, expect.stringContaining(says)])
    expect(artifact).toEqual({ version: { sha }, context: { KEPT: '1' }, unknown: [1] })
  })
})

describe('artifact push', () => {
  it('--dry-run shows what is known and from where, posts nothing, and 2 says that it is not enough', async () => {
    const known = await gimlet(
      'artifact',
      'push',
      '--repository',
      'owner/web',
      '--dry-run',
      '--server',
      'http://127.0.0.1:1',
    )
    expect(known.code).toBe(0)
    expect(known.out).toMatch(/^repository +flag +owner\/web$/m)
    expect(known.out).toMatch(/^sha +git +[0-9a-f]{40}$/m)
    const unknown = await gimlet(
      'artifact',
      'push',
      '--repository=',
      '--sha',
      'a1b2',
      '--dry-run',
      '--output',
      'json',
    )
    expect(JSON.parse(unknown.out)).toMatchObject({ build: { values: { sha: 'a1b2' } } })
  })

  it('takes a file’s word for its build', async () => {
    const { code, err } = await gimlet(
      'artifact',
      'push',
      '-f',
      'examples/artifact.json',
      '--sha',
      'a1b2',
    )
    expect([code, err]).toEqual([2, expect.stringContaining('--sha is about this build')])
  })

  it.each([['--wait=soon'], ['--timeout', 'soon'], ['a.json', 'b.json'], ['-f', '/nowhere']])(
    'refuses %s %s',
    async (...words) => expect((await gimlet('artifact', 'push', ...words)).code).toBe(2),
  )
})

test('the help of each word names all of its flags', async () => {
  for (const [word, flags] of Object.entries(artifactWords)) {
    const { code, out } = await gimlet('artifact', word, '--help')
    expect(code).toBe(0)
    for (const flag of Object.keys(flags).filter((one) => one !== 'output')) {
      const dashed = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      expect(out.includes(`--${flag}`) || out.includes(`--${dashed}`), flag).toBe(true)
    }
  }
})
