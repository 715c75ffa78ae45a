import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gate, manifest, trigger } from '../support/builders.ts'
import { askingOf } from '../support/edge-asking.ts'
import { type Cut, Cutter } from '../support/edge-cut.ts'
import { atRest, holds, rowsOf, saidOnce } from '../support/edge-judge.ts'
import { type EdgeWorld, edgeWorld } from '../support/edge-world.ts'
import { eventually } from '../support/eventually.ts'
import type { Pull } from '../support/github-state.ts'
import { users } from '../support/slack-server.ts'

/** Both environments at once by a trigger; the vault waits for Bob; the others are asked for. */
const gone = Array.from({ length: 8 }, (_, at) => `gone-${at + 1}`)
const policies = {
  'arrival.json': trigger({ app: 'web', env: ['staging', 'production'] }),
  'vault.json': gate({
    ...{ env: 'vault', otherwise: 'hold', expires: '2h' },
    require: { approvedBy: { count: 1, role: 'approver' } },
  }),
  'shut.json': gate({ app: 'shut' }),
}
const manifests = {
  ...Object.fromEntries(
    ['web', 'one', 'shut', 'back', 'new', ...gone].map((app) => [`${app}.yaml`, manifest({ app })]),
  ),
  'staging.yaml': manifest({ env: 'staging' }),
  'vault.yaml': manifest({ app: 'careful', env: 'vault' }),
  'pulled.yaml': manifest({ app: 'pulled', env: 'qa', extra: 'repository: example/pulled\n' }),
}

let [world, cutter, pull, asking] = [] as unknown as [
  EdgeWorld,
  Cutter,
  Pull,
  ReturnType<typeof askingOf>,
]
const work: (() => unknown)[] = []
/** Where back was before: the later one first. */
const refs: string[] = []

beforeAll(async () => {
  const settings = { GIMLET_LEASE_SECONDS: '4', SLACK_CHANNEL: 'vault=#vault' }
  world = await edgeWorld({ policies, manifests, settings }, (one) => void work.push(one))
  cutter = new Cutter(world)
  asking = askingOf(world)
  const repository = world.github.repository({ fullName: 'example/pulled', id: 7 })
  world.github.permission(repository, 'alice', 'write')
  pull = world.github.pull({ repository, number: 12, author: 'alice' })
  for (const [at, app] of ['back', 'back', ...gone].entries()) await asking.release(app, at)
  await atRest(world)
  refs.push(...(await world.gitops.commits('production/back')))
})
afterAll(async () => {
  for (const one of work.reverse()) await one()
})

/** What stands ready before a round: a request that waits for Bob, and a commit with its artifact. */
async function prepared(round: number) {
  const sha = round.toString(16).padStart(40, '5')
  pull.push(sha)
  await world.githubSender.pullRequest(pull, 'synchronize')
  await queueAgain()
  await eventually(async () =>
    expect(await rowsOf(world.file, 'select 1 from deliveries where is_done = 0')).toEqual([]),
  )
  const version = { repositoryName: 'example/pulled', sha, branch: pull.headRef, event: 'push' }
  await asking.artifact('pulled', round, version)
  const id = await asking.release('careful', round, 'vault')
  return eventually(() => {
    const held = world.slack.messages('#vault').find(({ blocks }) => {
      const shown = JSON.stringify(blocks)
      return shown.includes('"approve"') && shown.includes(id)
    })
    if (!held) throw new Error('nobody was asked')
    return held
  })
}

/** All flows at once: an arrival, a batch of eight, a button, and a comment. */
async function flows(round: number, held: Awaited<ReturnType<typeof prepared>>): Promise<void> {
  const { ask, artifact, release } = asking
  await Promise.all([
    artifact('web', round),
    release('one', round).then(() => release('one', round)),
    release('one', round - 1),
    release('shut', round),
    ask(`/api/rollback?env=production&app=back&sha=${refs[round % 2]}`, {}),
    ask(`/api/delete?env=production&app=gone-${round}`, {}),
    release('new', round),
    eventually(async () => {
      const by = { actionId: 'approve', message: held, user: users.bob }
      expect(await world.slackSender.click(by)).toMatchObject({ status: 200 })
    }),
    world.githubSender.comment(pull, '/gimlet release qa'),
  ])
}

/** The queue of this runtime forgets what it has when it ends, as Cloudflare's does not: it comes again. */
async function queueAgain(): Promise<void> {
  for (const one of await forgotten()) await world.github.resend?.(one)
  await eventually(async () => expect(await forgotten()).toEqual([]))
}

async function forgotten() {
  const rows = await rowsOf(world.file, `select key from deliveries where key like 'delivery %'`)
  const kept = new Set(rows.map(({ key }) => key))
  const taken = world.github.deliveries.filter((one) => one.status_code === 202)
  return taken.filter(({ guid }) => !kept.has(`delivery ${guid}`))
}

const repliesOf = () =>
  world.github
    .comments(pull.repository, 12)
    .filter(({ author, body }) => author === world.github.bot && !body.includes('github-sticky'))

/** Where it is cut off, and where again while it recovers. */
const cuts: readonly { readonly name: string; readonly all: readonly Cut[] }[] = [
  { name: 'after an artifact is stored', all: [{ at: /into artifacts/, nth: 2, where: 'after' }] },
  {
    name: 'before a request is kept',
    all: [{ at: /insert into events \(id, parent/, nth: 2, where: 'before' }],
  },
  {
    name: 'before a tree is made, and after a commit',
    all: [
      { at: /git\/trees/, nth: 2, where: 'before' },
      { at: /git\/commits/, where: 'after' },
    ],
  },
  { name: 'between the intent and the move', all: [{ at: /into commits/, where: 'after' }] },
  {
    name: 'before the move, and after it',
    all: [
      { at: /graphql/, where: 'before' },
      { at: /graphql/, where: 'after' },
    ],
  },
  {
    name: 'before what has landed is kept',
    all: [{ at: /state = 'landed'/, where: 'before' }],
  },
  { name: 'after it answered GitHub', all: [{ at: /12\/comments/, where: 'after' }] },
  { name: 'after it told Slack', all: [{ at: /chat.postMessage/, where: 'after' }] },
]

describe('a runtime that is cut off', () => {
  let round = 0
  test.each(cuts)('$name does all that was accepted, once (F6, F41)', async ({ all }) => {
    round++
    const replies = repliesOf().length
    const held = await prepared(round)
    let asked: Promise<void> | undefined
    for (const cut of all) {
      const done = cutter.cut(cut)
      if (asked) await world.worker.tick()
      asked ??= flows(round, held)
      await done
      await world.worker.restart()
    }
    await world.worker.tick()
    await asked
    await queueAgain()
    await atRest(world)
    await holds(world, asking.accepted)
    await saidOnce(world)
    expect(repliesOf()).toHaveLength(replies + 1)
    expect(await rowsOf(world.file, `select * from events where status = 'error'`)).toEqual([])
    for (const folder of ['staging/web', 'production/web', 'vault/careful', 'qa/pulled']) {
      const [, app] = folder.split('/')
      const file = `main:${folder}/configmap-${app}.yaml`
      expect(await world.gitops.git('show', file)).toContain(`v${round}`)
    }
  })
})
