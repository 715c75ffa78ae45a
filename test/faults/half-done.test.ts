import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { openStage } from '../stage/stage.ts'
import { manifest, trigger } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { effort, figure } from '../support/figures.ts'
import { endPrograms } from '../support/program.ts'
import { putFiles, putScript, someonesGit } from '../support/temp.ts'

afterEach(endPrograms)

/** A git that, once, gives its fast-import so many bytes only, and then ends its server with SIGKILL. */
const killingGit = (place: string) => `#!/bin/sh
case " $* " in *" fast-import "*)
  if mv ${place}/kill-after ${place}/killed 2>/dev/null; then
    head -c "$(cat ${place}/killed)" | PATH="$(cat ${place}/path)" git "$@" >/dev/null 2>&1
    kill -9 $PPID
    exit 1
  fi
esac
PATH="$(cat ${place}/path)" exec git "$@"
`

describe('F4: a server that dies while it writes a commit', () => {
  const cuts = [0, 30, 200, 400, 600, 900, 1_000_000]
  test('leaves nothing of it to the next release, wherever it was cut', async () => {
    const stage = await openStage(onTestFinished)
    const repository = await stage.repository()
    const bin = join(stage.folder, 'bin')
    await putFiles(bin, { path: process.env.PATH ?? '' })
    await putScript(bin, 'git', killingGit(bin))
    const apps = ['web', 'shop']
    const server = await stage.server({
      gitops: repository.path,
      apps,
      environment: { PATH: `${bin}${delimiter}${process.env.PATH}` },
    })
    let version = 0
    for (const bytes of cuts) {
      version++
      await putFiles(bin, { killed: null, 'kill-after': String(bytes) })
      for (const app of apps) await server.push(app, version).catch(() => undefined)
      await eventually(() => expect(existsSync(join(bin, 'killed'))).toBe(true))
      await server.program.kill()
      await server.start()
      for (const app of apps) await server.push(app, version)
      await eventually(async () =>
        expect(await server.runs()).toEqual({ web: `web-${version}`, shop: `shop-${version}` }),
      )
    }
    figure({ rows: ['F4'], what: 'servers killed while they wrote a commit', is: `${cuts.length}` })
    await someonesGit(repository.path, 'fsck', '--strict')
    await server.holds(repository)
  })
})

test('F40: an artifact for two GitOps repositories, whose server is killed between them, comes to both, once', async () => {
  const rounds = 3 * effort
  const stage = await openStage(onTestFinished)
  const [host, near, far] = [
    await stage.gitHost(),
    await stage.repository('near'),
    await stage.repository('far'),
  ]
  const envs = ['staging', 'production']
  const server = await stage.server({
    gitops: near.path,
    policies: Object.fromEntries(envs.map((env) => [`${env}.json`, trigger({ env, when: true })])),
    manifests: Object.fromEntries(envs.map((env) => [`${env}.yaml`, manifest({ env })])),
    environment: {
      GITOPS_REPOS: JSON.stringify([{ environments: ['production'], repo: host.url(far) }]),
    },
  })
  const want: { near: string[]; far: string[] } = { near: [], far: [] }
  for (let version = 1; version <= rounds; version++) {
    // Half of the times the far push is lost before it arrives, half of them after.
    if (version % 2) await host.stop()
    else host.forget(1, 1)
    const { id } = await server.push('web', version)
    want.near.push(`staging/web ${id}`)
    want.far.push(`production/web ${id}`)
    await eventually(async () => expect(await near.released()).toEqual(want.near))
    await server.program.kill()
    await host.heal()
    await server.start()
    await eventually(async () => expect(await far.released()).toEqual(want.far))
    for (const env of envs)
      await eventually(async () => {
        const { json } = await server.call('GET', `/api/status?env=${env}`)
        expect(json).toMatchObject({ web: { artifactId: id } })
      })
  }
  expect(await near.released()).toEqual(want.near)
  expect(await far.released()).toEqual(want.far)
  expect(await server.program.stop()).toBe(0)
})
