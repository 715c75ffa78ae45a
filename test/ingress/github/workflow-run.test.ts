import { describe, expect, it, onTestFinished } from 'vitest'
import { manifest, trigger } from '../../support/builders.ts'
import { githubServer, shas } from '../../support/github-server.ts'

const path = '.github/workflows/build.yml'
const untagged = (env: string, extra: string) =>
  manifest({ env, extra: `repository: example/web\n${extra}` }).replaceAll('.image.tag', '.SHA')

/** A server where a workflow makes the artifacts of web, and those of main go to staging. */
async function server(extra = 'workflow: build.yml\n') {
  const all = await githubServer(
    {
      policies: { 'main.json': trigger({ when: { '==': [{ var: 'artifact.version.branch' }, 'main'] } }) }, // biome-ignore format: one line
      manifests: { 'web.yaml': untagged('staging', extra) },
    },
    onTestFinished,
  )
  const { sender, repository, settled, server: started } = all
  repository.branches.set('main', shas.three)
  const artifacts = async () =>
    (await started.call('/api/artifacts')).body as { id: string; version: object; items: object[] }[] // biome-ignore format: one line
  return {
    ...all,
    artifacts,
    /** A run ends, and what it was told by is carried out. */
    async ran(given: Partial<Parameters<typeof sender.workflowRun>[0]> = {}) {
      const { run, ...more } = given
      const was = { repository, headSha: shas.three, run: { path, ...run }, ...more }
      expect((await sender.workflowRun(was)).status).toBe(202)
      await settled()
    },
  }
}

describe('a workflow that ended well', () => {
  it('makes an artifact where a manifest names it, and that goes where the policies say', async () => {
    const { ran, artifacts, releases, until } = await server()
    await ran({ run: { id: 77, html_url: 'https://github.com/example/web/actions/runs/77' } })
    expect(await artifacts()).toMatchObject([
      {
        id: `web-${shas.three}-77`,
        version: {
          ...{ repositoryName: 'example/web', sha: shas.three, branch: 'main', event: 'push' },
          url: `https://github.com/example/web/commit/${shas.three}`,
        },
        items: [{ name: 'ci', url: 'https://github.com/example/web/actions/runs/77' }],
      },
    ])
    await until(async () => expect(await releases('staging')).toHaveLength(1))
  })

  it('makes one, however often it is told or run again', async () => {
    const { ran, artifacts } = await server()
    await ran({ run: { id: 77 } })
    await ran({ run: { id: 77, run_attempt: 2 } })
    expect(await artifacts()).toHaveLength(1)
  })

  it('makes one of a branch that has moved on since', async () => {
    const { ran, artifacts } = await server()
    await ran({ headSha: shas.two })
    expect(await artifacts()).toMatchObject([{ version: { sha: shas.two, branch: 'main' } }])
  })

  it('makes one of a pull request, for the branch that it would be merged into', async () => {
    const { ran, artifacts, pull, sender } = await server()
    await sender.pullRequest(pull, 'opened')
    await ran({ headSha: shas.one, headBranch: 'faster', run: { event: 'pull_request' } })
    expect(await artifacts()).toMatchObject([
      { version: { event: 'pr', branch: 'faster', sourceBranch: 'faster', targetBranch: 'main' } },
    ])
  })

  it.each([
    { name: 'a tag', object: shas.two, objects: {} },
    { name: 'an annotated tag', object: 'f'.repeat(40), objects: { ['f'.repeat(40)]: shas.two } },
  ])('makes one of $name', async ({ object, objects }) => {
    const { ran, artifacts, repository } = await server()
    repository.tags.set('v1.0', object)
    for (const [key, sha] of Object.entries(objects)) repository.tagObjects.set(key, sha)
    await ran({ headSha: shas.two, headBranch: 'v1.0' })
    expect(await artifacts()).toMatchObject([
      { version: { event: 'tag', tag: 'v1.0', branch: '' } },
    ])
  })
})

describe('a workflow makes no artifact', () => {
  it.each([
    { name: 'when it failed', given: { conclusion: 'failure' } },
    { name: 'when it has only begun', given: { action: 'requested' as const } },
    { name: 'when it is another one', given: { run: { path: '.github/workflows/lint.yml' } } },
    { name: 'R11: of a fork', given: { run: { head_repository: { id: 99 } } } },
    { name: 'of a pull request that nobody knows', given: { run: { event: 'pull_request' } } },
    { name: 'when strangers can begin it', given: { run: { event: 'pull_request_target' } } },
    { name: 'of a branch that is gone', given: { headBranch: 'gone' } },
    { name: 'of a commit without its id', given: { run: { head_sha: 'main' } } },
  ])('$name', async ({ given }) => {
    const { ran, artifacts } = await server()
    await ran(given)
    expect(await artifacts()).toEqual([])
  })

  it('where no manifest names it', async () => {
    const { ran, artifacts } = await server('')
    await ran()
    expect(await artifacts()).toEqual([])
  })

  it('A9: of a branch when a tag is only called like one', async () => {
    const { ran, artifacts, repository, github } = await server()
    repository.tags.set('main', shas.two)
    github.comparisons.set(`${shas.two}...${shas.three}`, { status: 'diverged' })
    await ran({ headSha: shas.two })
    expect(await artifacts()).toMatchObject([
      { version: { event: 'tag', tag: 'main', branch: '' } },
    ])
  })
})
