import { describe, expect, it } from 'vitest'
import { approval, shas } from '../../support/github-server.ts'
import { shipServer } from '../../support/github-ship-server.ts'

const preview = `app: web
env: preview
repository: example/web
preview: true
manifests: |
  apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata:
    name: "{{ .APP }}"
  spec:
    tls:
      - hosts: ["{{ .APP }}.preview.example.com"]
    rules:
      - host: "{{ .APP }}.preview.example.com"
`
const address = 'https://web-faster.preview.example.com'

/** The server with a pull request of the branch `faster`, and what runs of its preview. */
async function previewServer(policies: Record<string, string> = {}, text = preview) {
  const here = await shipServer({ policies, manifests: { 'preview.yaml': text } })
  const running = async () => {
    const { body } = await here.server.call('/api/status?env=preview')
    const found = Object.values(body as Record<string, { app: string; artifactId: string } | null>)
    return found.flatMap((one) => (one ? [`${one.app} ${one.artifactId}`] : []))
  }
  const runs = (...apps: string[]) => here.until(async () => expect(await running()).toEqual(apps))
  return { ...here, running, runs }
}

describe('a preview', () => {
  it('is of the pull request: its comment has the address, GitHub a deployment, and both end', async () => {
    const { push, runs, until, stickies, deployments, github, repository, pull, sender } =
      await previewServer()
    await push('web-1', shas.one)
    await runs('web-faster web-1')
    await until(() => expect(stickies()[0]?.body).toMatch(/`preview` \| `web-faster` \| `web-1` .* \| ✅ runs \|/)) // biome-ignore format: one line
    expect(stickies()[0]?.body).toContain(`[open](${address})`)
    await until(() => expect(deployments()).toMatchObject([{ environment: 'preview/web-faster', states: ['success'] }])) // biome-ignore format: one line
    expect(github.deployments(repository)[0]?.statuses.at(-1)).toMatchObject({ environment_url: address }) // biome-ignore format: one line
    pull.close()
    await sender.pullRequest(pull, 'closed')
    await runs()
    await until(() => expect(deployments()).toMatchObject([{ states: ['success', 'inactive'] }]))
    await until(() => expect(stickies()[0]?.body).not.toContain('web-faster'))
  })

  it('F15: ends, too, when nobody told that its pull request was closed', async () => {
    const { push, runs, pull, restart, server } = await previewServer()
    await push('web-1', shas.one)
    await runs('web-faster web-1')
    pull.close()
    await server.stop()
    // Three seconds after the start GitHub is asked what was missed.
    const again = await restart()
    await expect.poll(async () => (await again.call('/api/status?env=preview')).body).toEqual({})
  })

  it('can be released by a comment under the name of its environment', async () => {
    const { push, runs, sender, pull, replies, until } = await previewServer()
    await push('web-1', shas.one)
    await runs('web-faster web-1')
    await push('web-1b', shas.one)
    await sender.comment(pull, '/gimlet release preview')
    await until(() => expect(replies().at(-1)?.body).toMatch(/\*\*Released\*\* `web-faster` → `preview`/)) // biome-ignore format: one line
    await runs('web-faster web-1b')
  })

  it('R11: is not made for a fork', async () => {
    const { push, runs, running, github, repository, sender, pull } = await previewServer()
    const fork = github.repository({ fullName: 'mallory/web', id: 8 })
    const theirs = github.pull({ repository, headRepository: fork, number: 13, headSha: shas.two, headRef: 'evil' }) // biome-ignore format: one call
    await sender.pullRequest(theirs, 'opened')
    await push('web-2', shas.two, { event: 'pr', branch: 'main', sourceBranch: 'evil', targetBranch: 'main' }) // biome-ignore format: one line
    await push('web-1', shas.one)
    await runs('web-faster web-1')
    await sender.pullRequest(pull, 'edited')
    expect(await running()).toEqual(['web-faster web-1'])
  })
})

describe('an app with the branch in its name', () => {
  const app = 'web-{{ .BRANCH | sanitizeDNSName }}'
  const whole = `${preview.replace('app: web', `app: "${app}"`).replace('preview: true\n', '')}deploy: { event: push, branch: "!main" }
cleanup: { event: branchDeleted, branch: "*", app: "${app}" }
`
  it('comes by its rule or by a comment, and goes when GitHub tells that the branch is deleted', async () => {
    const here = await previewServer({}, whole)
    const { push, runs, sender, pull, replies, until, repository } = here
    await push('web-1', shas.one, { branch: 'faster' })
    await runs('web-faster web-1')
    await push('web-1b', shas.one, {
      event: 'pr',
      branch: 'main',
      sourceBranch: 'faster',
      targetBranch: 'main',
    })
    await sender.comment(pull, '/gimlet release preview')
    await until(() =>
      expect(replies().at(-1)?.body).toMatch(/\*\*Released\*\* `web-faster` → `preview`/),
    )
    await runs('web-faster web-1b')
    await sender.deleteBranch({ repository, branch: 'faster' })
    await runs()
  })
})

describe('a pull request that is closed', () => {
  it('ends what was asked in it and waits, and nothing else', async () => {
    const { server, push, sender, pull, replies, until, release } = await shipServer({
      policies: { 'approval.json': approval },
    })
    await push('web-1', shas.one)
    await push('web-2', shas.two)
    await sender.comment(pull, '/gimlet release production')
    await until(() => expect(replies().at(-1)?.body).toContain('Waiting'))
    const own = /request `(r-[^`]+)`/.exec(replies().at(-1)?.body ?? '')?.[1] ?? ''
    pull.close()
    await sender.pullRequest(pull, 'closed')
    await until(() => expect(replies().at(-1)?.body).toContain('pull request 12 was closed'))
    expect(await server.ended(own)).toMatchObject({ status: 'superseded' })
    const other = await release('production', 'web-2')
    pull.reopen()
    await sender.pullRequest(pull, 'reopened')
    pull.close()
    await sender.pullRequest(pull, 'closed')
    expect(await server.ended(other)).toMatchObject({ status: 'held' })
  })
})
