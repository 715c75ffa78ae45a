import { describe, expect, test } from 'vitest'
import { Releaser } from '../../src/release/releaser.ts'
import { askedOnGithub } from '../support/asked-on-github.ts'
import { drain, type TestPorts } from '../support/parts.ts'

type Asked = Awaited<ReturnType<typeof askedOnGithub>>

/** Steps until the request has its end, as servers do one after the other. */
async function ended({ clock, events, started }: Asked) {
  const { environments } = started()
  const next = () => events.nextTargetedMs(environments)
  for (let dueMs = await next(); dueMs !== undefined; dueMs = await next()) {
    clock.moveMs(Math.max(0, dueMs - clock.nowMs()))
    await new Releaser(started()).step()
  }
}

async function landedOnce({ events, releases, gitops }: Asked) {
  expect(await gitops.log()).toEqual([
    '[Gimlet] production/app-000 release web-1',
    'The GitOps repository begins',
  ])
  expect(await events.find('r-app-000')).toMatchObject({ status: 'processed' })
  const [release] = await releases.running({})
  expect(release?.gitopsRef).toBe(await gitops.tipOfRemote())
}

describe('I2: a release whose commit GitHub signs lands once', () => {
  const commits = /\/git\/commits$/
  const moves = /^\/graphql$/

  test.each([
    { name: 'F5: a crash before the commit', path: commits, fault: { close: true as const } },
    {
      name: 'F5: a crash after the commit, before it was kept',
      path: commits,
      fault: { lost: true as const },
    },
    { name: 'F6: a crash before the move', path: moves, fault: { close: true as const } },
    { name: 'F7: a move whose answer was lost', path: moves, fault: { lost: true as const } },
    { name: 'F10: trouble of GitHub’s at the move', path: moves, fault: { status: 502 } },
  ])('after $name', async ({ path, fault }) => {
    const place = await askedOnGithub(1)
    place.github.fail('POST', path, fault)
    await place.releaser.step()
    await ended(place)
    await landedOnce(place)
  })

  test('F6: after a crash when the commit was kept, which is another one the next time', async () => {
    const place = await askedOnGithub(1)
    const killed: TestPorts = {
      ...place.ports,
      landings: {
        async intend(intents) {
          await place.releases.intend(intents)
          throw new Error('killed')
        },
        land: (landings) => place.releases.land(landings),
      },
    }
    await expect(drain(killed)).rejects.toThrow('killed')
    await ended(place)
    await landedOnce(place)
    expect(await place.events.commitsOf(['r-app-000'])).toHaveLength(2)
  })

  test('F7: after a crash when it had landed and nobody had written that down', async () => {
    const place = await askedOnGithub(1)
    const killed: TestPorts = {
      ...place.ports,
      landings: {
        intend: (intents) => place.releases.intend(intents),
        land: () => Promise.reject(new Error('killed')),
      },
    }
    await expect(drain(killed)).rejects.toThrow('killed')
    await ended(place)
    await landedOnce(place)
  })
})
