import { describe, expect, it, onTestFinished } from 'vitest'
import {
  answered,
  approvalGate,
  people,
  slackServer,
  submitted,
  users,
} from '../../support/slack-server.ts'

const started = (given = {}) => slackServer(given, onTestFinished)
type Started = Awaited<ReturnType<typeof started>>

const message = async ({ slack, until, shown }: Started, channel: string, text: string) =>
  until(() => {
    const found = slack.messages(channel).find((one) => !one.thread_ts && shown(one).includes(text))
    expect(found, `${text} in ${shown(slack.messages(channel))}`).toBeDefined()
    return found as NonNullable<typeof found>
  })

/** The window that shows the request, or the words in its place. */
const asked = /"response_action":"update"|Asked for: /

/** Web-1 runs in production, released by Carol; answers its message. */
async function running(from: Started) {
  await from.push('web-1')
  await from.sender.command('release web production', { user: users.carol })
  const held = await message(from, '#production', 'Waiting: release')
  await from.sender.click({ actionId: 'approve', message: held, user: users.bob })
  return message(from, '#production', 'Released web → production')
}

describe('a release by slash command', () => {
  it('is answered at once, told in the channel of its environment, and its answer follows in place', async () => {
    const here = await started()
    const { slack, sender, push, until, shown } = here
    await push('web-1')
    const answer = await sender.command('release web staging', { user: users.alice })
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ response_type: 'ephemeral' })
    const told = await message(here, '#releases', 'Released web → staging')
    expect(shown(told)).toContain('web-1')
    expect(shown(told)).toContain('Asked for by @UALICE')
    await until(() =>
      expect(shown(slack.responses.at(-1)?.body)).toContain('Released web → staging'),
    )
    expect(slack.messages('#releases')).toHaveLength(1)
  })

  it('that is refused is the asker’s own business', async () => {
    const deny = JSON.stringify({ kind: 'gate', env: 'staging', require: { '==': [{ var: 'app' }, 'none'] }, message: 'Closed for the audit' }) // biome-ignore format: one line
    const { slack, sender, push, until, shown } = await started({
      policies: { 'closed.json': deny },
    })
    await push('web-1')
    await sender.command('release web staging', { user: users.alice })
    await until(() => expect(shown(slack.responses.at(-1)?.body)).toContain('Closed for the audit'))
    expect(slack.messages()).toEqual([])
  })
})

describe('a held release', () => {
  it('is one message that says what for, until when and who may approve, and goes on in place', async () => {
    const here = await started()
    const { slack, sender, push, shown, until } = here
    await push('web-1')
    await sender.command('release web production --reason "for the launch"', { user: users.alice })
    const held = await message(here, '#production', 'Waiting: release web → production')
    const text = shown(held)
    expect(text).toContain('Production needs an approval')
    expect(text).toContain('@UBOB')
    expect(text).not.toContain('@UCAROL')
    expect(text).toContain('“for the launch”')
    const click = await sender.click({ actionId: 'approve', message: held, user: users.bob })
    expect([click.status, click.text]).toEqual([200, ''])
    await message(here, '#production', 'Released web → production')
    const messages = slack.messages('#production')
    expect(messages.filter(({ thread_ts }) => !thread_ts)).toHaveLength(1)
    await until(() => {
      const steps = slack.messages('#production').filter(({ thread_ts }) => thread_ts === held.ts)
      expect(shown(steps)).toContain('@UBOB approved it')
      expect(shown(steps)).toContain('Released web → production')
    })
    expect(shown(await message(here, '#production', 'Released'))).toContain('Approved by @UBOB')
  })

  it('is not approved by who asked, nor by whoever may not, and they are told', async () => {
    const here = await started({ policies: { 'people.json': people({ alice: ['releaser', 'approver'] }) } }) // biome-ignore format: one line
    const { slack, sender, push, shown, until, server } = here
    await push('web-1')
    await sender.command('release web production', { user: users.alice })
    const held = await message(here, '#production', 'Waiting')
    await sender.click({ actionId: 'approve', message: held, user: users.alice })
    await until(() => expect(shown(slack.responses.at(-1)?.body)).toContain('may not approve it, but withdraw it')) // biome-ignore format: one line
    await sender.click({ actionId: 'approve', message: held, user: users.carol })
    await until(() => expect(shown(slack.responses.at(-1)?.body)).toContain('that takes the role approver')) // biome-ignore format: one line
    expect(slack.responses.at(-1)?.body).toMatchObject({ response_type: 'ephemeral', replace_original: false }) // biome-ignore format: one line
    const { body } = await server.call('/api/releases?env=production')
    expect(body).toEqual([])
  })

  it('A23: is not approved by someone who was removed between the message and the click', async () => {
    const here = await started()
    const { slack, sender, push, shown, until, server } = here
    await push('web-1')
    await sender.command('release web production', { user: users.alice })
    const held = await message(here, '#production', 'Waiting')
    await server.putPolicies({ 'people.json': people({ bob: null }) })
    await sender.click({ actionId: 'approve', message: held, user: users.bob })
    await until(() =>
      expect(shown(slack.responses.at(-1)?.body)).toContain('I do not know you yet'),
    )
    await server.putPolicies({ 'people.json': people({ bob: ['viewer'] }) })
    await sender.click({ actionId: 'approve', message: held, user: users.bob })
    await until(() => expect(shown(slack.responses.at(-1)?.body)).toContain('may not approve'))
  })

  it('A23: is not approved by the same user of another workspace', async () => {
    const here = await started()
    const { sender, push, until, slack, shown } = here
    await push('web-1')
    await sender.command('release web production', { user: users.alice })
    const held = await message(here, '#production', 'Waiting')
    const user = { id: users.bob, team_id: 'T9999', username: 'bob' }
    const click = { actionId: 'approve', message: held, user: users.bob }
    await sender.click({ ...click, over: { user } })
    await until(() =>
      expect(shown(slack.responses.at(-1)?.body)).toContain('I do not know you yet'),
    )
    expect((await sender.click({ ...click, over: { team: { id: 'T9999' } } })).status).toBe(401)
  })

  it('is rejected with a reason, which a window asks for', async () => {
    const here = await started()
    const { slack, sender, push, shown, until } = here
    await push('web-1')
    await sender.command('release web production', { user: users.alice })
    const held = await message(here, '#production', 'Waiting')
    await sender.click({ actionId: 'reject', message: held, user: users.bob })
    const view = await until(() => slack.views.at(-1) ?? Promise.reject(new Error('no window')))
    const answer = await sender.submit(view, { values: { reason: { reason: 'not on a Friday' } }, user: users.bob }) // biome-ignore format: one line
    expect([answer.status, answer.text]).toEqual([200, ''])
    const told = await message(here, '#production', 'Rejected: release')
    expect(shown(told)).toContain('rejected by bob: not on a Friday')
    expect(shown(told)).not.toContain('Approve')
  })

  it('says in the window why a rejection is refused, and on a stale button what happened instead', async () => {
    const here = await started()
    const { slack, sender, push, shown, until } = here
    await push('web-1')
    await sender.command('release web production', { user: users.alice })
    const held = await message(here, '#production', 'Waiting')
    await sender.click({ actionId: 'reject', message: held, user: users.carol })
    const view = await until(() => slack.views.at(-1) ?? Promise.reject(new Error('no window')))
    const no = { values: { reason: { reason: 'no' } }, user: users.carol }
    expect(await submitted(here, view, no)).toContain('that takes the role approver')
    await sender.click({ actionId: 'approve', message: held, user: users.bob })
    await message(here, '#production', 'Released')
    await sender.click({ actionId: 'approve', message: held, user: users.bob })
    await until(() => expect(shown(slack.responses.at(-1)?.body)).toContain('is over: processed'))
    await sender.click({ actionId: 'reject', message: held, user: users.bob })
    await until(() => expect(shown(slack.responses.at(-1)?.body)).toContain('It is over: '))
  })
})

describe('a rollback', () => {
  it('shows from what to what, goes to just that, and says that nothing automatic follows', async () => {
    const here = await started()
    const { slack, sender, push, shown, until } = here
    await running(here)
    await push('web-2')
    await sender.command('release web-2 production', { user: users.carol })
    const held = await message(here, '#production', 'Waiting')
    await sender.click({ actionId: 'approve', message: held, user: users.bob })
    const released = await message(here, '#production', 'Approved by @UBOB\nweb-2')
    await sender.click({ actionId: 'rollback', message: released, user: users.alice })
    const view = await until(() => slack.views.at(-1) ?? Promise.reject(new Error('no window')))
    expect(shown(view)).toMatch(/From web-2, .*\nTo web-1, /)
    const reason = { values: { reason: { reason: 'loses orders' } }, user: users.alice }
    expect(await submitted(here, view, reason)).toMatch(asked)
    const gate = await message(here, '#production', 'roll back')
    await sender.click({ actionId: 'approve', message: gate, user: users.bob })
    const done = await message(here, '#production', 'Rolled back web in production')
    expect(shown(done)).toContain('web-1')
    await message(here, '#production', 'Was rolled back:')
  })

  it('is refused when something else runs than the window has shown', async () => {
    const here = await started({ policies: { 'approval.json': approvalGate.replace('production', 'elsewhere') } }) // biome-ignore format: one line
    const { slack, sender, push, until } = here
    for (const id of ['web-1', 'web-2']) {
      await push(id)
      await sender.command(`release ${id} production`, { user: users.carol })
      await message(here, '#production', `Released web → production\n${id}`)
    }
    const last = await message(here, '#production', 'web-2')
    await sender.click({ actionId: 'rollback', message: last, user: users.alice })
    const view = await until(() => slack.views.at(-1) ?? Promise.reject(new Error('no window')))
    await push('web-3')
    await sender.command('release web-3 production', { user: users.carol })
    await message(here, '#production', 'Released web → production\nweb-3')
    const again = { values: {}, user: users.alice }
    expect(await submitted(here, view, again)).toContain('web-3 runs there now')
  })
})

describe('the release window', () => {
  it('offers what one may release, shows verdict and change, and only then has a button', async () => {
    const here = await started()
    const { slack, sender, push, shown, until } = here
    await push('web-1', { version: { message: 'Faster search', authorName: 'Ann' } })
    await sender.command('release', { user: users.alice })
    const view = () => slack.views.at(-1) as NonNullable<(typeof slack.views)[number]>
    await until(() => expect(view()).toBeDefined())
    expect(view().submit).toBeNull()
    const apps = await sender.suggest({ actionId: 'choose-app', blockId: 'app', text: 'we', view: view(), user: users.alice }) // biome-ignore format: one line
    expect(apps.json).toMatchObject({ options: [{ value: 'web' }] })
    const choose = (actionId: string, blockId: string, selectedOption: string) =>
      sender.click({ actionId, blockId, selectedOption, view: view(), user: users.alice })
    await choose('choose-app', 'app', 'web')
    await until(() => expect(shown(view())).toContain('Environment'))
    await choose('choose-env', 'env-web', 'production')
    await until(() => expect(shown(view())).toContain('Artifact'))
    const artifacts = await sender.suggest({ actionId: 'choose-artifact', blockId: 'artifact-web-production', text: 'search', view: view(), user: users.alice }) // biome-ignore format: one line
    expect(artifacts.json).toMatchObject({ options: [{ value: 'web-1' }] })
    await choose('choose-artifact', 'artifact-web-production', 'web-1')
    await until(() => expect(shown(view())).toContain('would wait'))
    expect(shown(view())).toContain('Production needs an approval')
    expect(shown(view())).toContain('+kind: ConfigMap')
    const reason = { values: { reason: { reason: 'launch' } }, user: users.alice }
    expect(await submitted(here, view(), reason)).toMatch(asked)
    expect(shown(await message(here, '#production', 'Waiting'))).toContain('“launch”')
  })

  it('opens by shortcut, and on a message of ours with what that is about', async () => {
    const here = await started()
    const { slack, sender, until, shown } = here
    const released = await running(here)
    await sender.shortcut('release', { user: users.alice })
    await until(() => expect(slack.views).toHaveLength(1))
    await sender.messageAction('release_this', released, { user: users.alice })
    await until(() => expect(slack.views).toHaveLength(2))
    expect(shown(slack.views.at(-1))).toContain('production')
  })
})

describe('someone whom nobody has listed', () => {
  it('is told how to be, and nothing else', async () => {
    const here = await started()
    const { sender, shown, slack, until } = here
    await running(here)
    const answer = shown(await answered(here, 'status', { user: 'USTRANGER' }))
    expect(answer).toContain('I do not know you yet')
    expect(answer).toContain('"slack": { "team": "T0001", "user": "USTRANGER" }')
    expect(answer).not.toContain('web-1')
    await sender.event({ type: 'app_home_opened', user: 'USTRANGER', tab: 'home', channel: 'D1' })
    await until(() => expect(shown(slack.home('USTRANGER'))).toContain('I do not know you yet'))
    const options = await sender.suggest({ actionId: 'choose-app', blockId: 'app', text: '', user: 'USTRANGER', view: { id: 'V1', type: 'modal', private_metadata: '{}', blocks: [] } as never }) // biome-ignore format: one line
    expect(options.json).toEqual({ options: [] })
  })
})

describe('the Home tab', () => {
  it('shows what waits for one, the locks and what runs of theirs', async () => {
    const here = await started()
    const { sender, push, slack, until, shown } = here
    await running(here)
    await push('web-2')
    await sender.command('release web-2 production', { user: users.alice })
    await message(here, '#production', 'Waiting')
    await sender.command('lock staging --reason "database move" --until 2h', { user: users.alice })
    await sender.event({ type: 'app_home_opened', user: users.bob, tab: 'home', channel: 'D1' })
    const home = await until(() => {
      expect(shown(slack.home(users.bob))).toContain('Waits for your approval')
      return slack.home(users.bob)
    })
    expect(shown(home)).toContain('database move')
    expect(shown(home)).toContain('What runs where')
    await sender.event({ type: 'app_home_opened', user: users.alice, tab: 'home', channel: 'D2' })
    await until(() => expect(shown(slack.home(users.alice))).toContain('You are waiting for'))
    await sender.click({
      actionId: 'approve',
      view: home as never,
      user: users.bob,
      value: firstApproval(home),
    })
    await until(() => expect(shown(slack.home(users.bob))).not.toContain('Waits for your approval'))
  })
})

/** The value of the first button to approve with. */
const firstApproval = (home: unknown): string =>
  /"action_id":"approve"[^}]*?"text":\{[^}]*\},"value":"([^"]+)"/.exec(JSON.stringify(home))?.[1] ?? '' // biome-ignore format: one line

describe('a mention', () => {
  it('is answered in its thread, a refusal to its author alone', async () => {
    const here = await started()
    const { sender, slack, until, shown } = here
    await running(here)
    const said = slack.someoneSays('#talk', 'what about web?', { user: users.dave })
    const event = { type: 'app_mention', channel: said.channel, ts: '1763900001.000200', thread_ts: said.ts } // biome-ignore format: one line
    await sender.event({ ...event, user: users.dave, text: '<@UBOT> status web' })
    await until(() => {
      const reply = slack.messages('#talk').find(({ thread_ts }) => thread_ts === said.ts)
      expect(shown(reply)).toContain('web  web-1 of main')
    })
    await sender.event({ ...event, user: users.dave, text: '<@UBOT> lock production --reason no' })
    await until(() => expect(shown(slack.ephemerals.at(-1))).toContain('may not lock and unlock'))
  })
})
