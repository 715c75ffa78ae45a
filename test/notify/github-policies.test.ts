import { describe, expect, it, onTestFinished } from 'vitest'
import { gate, trigger } from '../support/builders.ts'
import { gitopsOfGithub } from '../support/github-gitops.ts'
import { githubServer } from '../support/github-server.ts'

const noMore = trigger({ when: { '==': [{ var: 'artifact.version.branch' }, 'main'] } })
const tests = (expect: string) =>
  JSON.stringify(
    {
      now: '2026-11-23T09:30:00Z',
      app: 'web',
      env: 'production',
      cases: [
        { name: 'staging is free', env: 'staging', expect: 'allow' },
        { name: 'production is shut', expect },
      ],
    },
    null,
    2,
  )

/** The server with its policies in a GitOps repository that GitHub has as example/gitops. */
async function policiesServer() {
  const { remote, commit } = await gitopsOfGithub({
    'policies/no.json': gate({ env: 'production' }),
    'policies/tests/no.json': tests('deny'),
    'readme.md': '',
  })
  const environment = { GITOPS_REPO: remote, POLICIES: 'gitops:policies' }
  const here = await githubServer({ environment }, onTestFinished)
  const { github, sender } = here
  const gitops = github.repository({ fullName: 'example/gitops', id: 8 })
  return {
    ...here,
    gitops,
    /** Opens a pull request with these files at its head, or says that it has a new one. */
    async propose(
      files: Record<string, string | null>,
      given: { isFork?: boolean; number?: number } = {},
    ) {
      const { number = 5 } = given
      const headSha = await commit(files, `refs/pull/${number}/head`)
      const known = github.pullOf(gitops, number)
      known?.push(headSha)
      const fork = given.isFork ? { headRepository: github.repository({ fullName: 'mallory/gitops', id: 9 }) } : {} // biome-ignore format: one value
      const pull = known ?? github.pull({ repository: gitops, number, headSha, headRef: 'change', ...fork }) // biome-ignore format: one value
      await sender.pullRequest(pull, known ? 'synchronize' : 'opened')
      return headSha
    },
    checks: (sha: string) =>
      github.checks(gitops, sha).map(({ name, conclusion, output }) => ({
        ...{ name, conclusion },
        ...(output as { title: string; summary: string; text: string; annotations?: object[] }),
      })),
  }
}

describe('the check of the policies that a pull request proposes', () => {
  it('runs their tests, and shows beside the line which case fails and why', async () => {
    const { propose, until, checks } = await policiesServer()
    const sha = await propose({ 'policies/no.json': gate({ env: 'staging' }) })
    await until(() => expect(checks(sha)).toMatchObject([{ name: 'gimlet/policies', conclusion: 'failure', title: '2 cases failed, 0 problems; 0 cases passed for 1 policy' }])) // biome-ignore format: one line
    const [{ annotations, text } = { annotations: [], text: '' }] = checks(sha)
    expect(annotations).toMatchObject([
      {
        ...{ path: 'policies/tests/no.json', start_line: 6, annotation_level: 'failure' },
        message: 'staging is free\nexpected allow, got deny by no: Not now',
      },
      { path: 'policies/tests/no.json', start_line: 11 },
    ])
    expect(text).toContain('✗ no (gate)')
  })

  it('names the line of what cannot be used, and passes when it is mended', async () => {
    const { propose, until, checks } = await policiesServer()
    const broken = await propose({ 'policies/more.json': '{\n  "kind": "gate",\n  "requires": true\n}' }) // biome-ignore format: one line
    await until(() => expect(checks(broken)).toMatchObject([{ conclusion: 'failure' }]))
    expect(checks(broken)[0]?.annotations).toContainEqual(expect.objectContaining({ path: 'policies/more.json', start_line: 3, message: expect.stringContaining('did you mean require?') })) // biome-ignore format: one line
    const mended = await propose({ 'policies/more.json': noMore })
    await until(() => expect(checks(mended)).toMatchObject([{ conclusion: 'success', title: '2 policies: 2 cases passed' }])) // biome-ignore format: one line
    expect(checks(mended)[0]?.summary).toContain('No case touches `more`')
  })

  it('is not there when the policies stay as they are, nor in another repository', async () => {
    const { propose, until, checks, github, sender, pull, repository, push } = await policiesServer() // biome-ignore format: one line
    await sender.pullRequest(pull, 'opened')
    const same = await propose({ 'readme.md': 'more' })
    const other = await propose({ 'policies/no.json': gate({ env: 'staging' }) })
    await until(() => expect(checks(other)).toHaveLength(1))
    await push('web-1', pull.headSha)
    await until(() => expect(github.checks(repository, pull.headSha)).toMatchObject([{ name: 'gimlet/merge' }])) // biome-ignore format: one line
    expect(checks(same)).toEqual([])
  })

  it('R11: is not made for a fork: the policies of a stranger are not run', async () => {
    const { propose, until, checks } = await policiesServer()
    const files = { 'policies/no.json': gate() }
    const foreign = await propose(files, { isFork: true })
    // Of one repository they are looked at in their order.
    const own = await propose({ 'policies/no.json': gate({ env: 'staging' }) }, { number: 6 })
    await until(() => expect(checks(own)).toHaveLength(1))
    expect(checks(foreign)).toEqual([])
  })

  it('is made again when someone asks for it, with no annotation twice', async () => {
    const { propose, until, checks, sender, gitops, github } = await policiesServer()
    const sha = await propose({ 'policies/no.json': gate({ env: 'staging' }) })
    await until(() => expect(checks(sha)).toHaveLength(1))
    const check_run = { ...github.checks(gitops, sha)[0], head_sha: sha }
    const repository = { id: 8, full_name: 'example/gitops', default_branch: 'main' }
    const base = { repository, installation: { id: 42 }, sender: { id: 1, login: 'alice', type: 'User' } } // biome-ignore format: one value
    await sender.event('check_run', { ...base, action: 'created', check_run })
    await sender.event('check_run', { ...base, action: 'rerequested', check_run })
    await until(() => expect(github.callsOf('PATCH', /\/check-runs\/\d+$/)).toHaveLength(1))
    expect(github.callsOf('PATCH', /\/check-runs\/\d+$/)[0]?.body.output).not.toHaveProperty('annotations') // biome-ignore format: one line
    expect(checks(sha)).toHaveLength(1)
  })
})
