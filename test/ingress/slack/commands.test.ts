import { describe, expect, it, onTestFinished } from 'vitest'
import { verbs } from '../../../src/commands/verbs.ts'
import { gate } from '../../support/builders.ts'
import { answered, slackServer, users } from '../../support/slack-server.ts'

/** Every command, as it is typed and what its answer says. `ID` stands for a held request of Alice's. */
const cases: readonly { line: string; by?: keyof typeof users; says: readonly string[] }[] = [
  { line: '', says: ['What you may do here', '/gimlet status', '/gimlet release'] },
  { line: 'help', says: ['What you may do here'] },
  {
    line: 'help release',
    says: ['/gimlet release <app>', 'Such as /gimlet release web production'],
  },
  { line: 'help nonsense', says: ['There is no command "nonsense"', 'Try /gimlet help'] },
  { line: 'status', says: ['staging', 'web', 'web-1', 'by @UCAROL', 'nothing is released yet'] },
  { line: 'STATUS web --env staging', says: ['web-1'] },
  { line: 'status nothing', says: ['Nothing is released, and no manifest fits'] },
  { line: 'artifacts web', says: ['What can be released', 'web-1', 'Faster search', '(Ann)'] },
  { line: 'artifacts web --branch other', says: ['No artifact fits'] },
  { line: 'artifact web-1', says: ['web-1', 'owner/web'] },
  { line: 'history web staging', says: ['Releases to staging', 'web-1', 'by @UCAROL'] },
  { line: 'history web --env=elsewhere', says: ['No release fits'] },
  { line: 'diff web production', says: ['would wait', 'Production is closed', '+kind: ConfigMap'] },
  { line: 'diff web in staging', says: ['would be released', 'No file would change'] },
  {
    line: 'explain ID',
    says: ['Waiting: release web → production', '✗ closed (gate)', 'policies '],
  },
  { line: 'explain web-1', says: ['Arrived: artifact web-1', 'No trigger asked for a release'] },
  { line: 'track ID', says: ['Waiting: release web → production', 'Request ID'] },
  { line: 'locks', says: ['Nothing is locked.'] },
  { line: 'lock staging web “the audit” —reason “the audit” —until 2h', says: ['Unexpected "the audit"'] }, // biome-ignore format: one row
  { line: 'lock staging web —reason “the audit” —until 2h', says: ['web in staging is locked by @UALICE', 'until', 'the audit', '/gimlet unlock staging web'] }, // biome-ignore format: one row
  { line: 'locks', says: ['Locks in force', 'the audit'] },
  { line: 'release web staging', says: ['Releasing web → staging'] },
  { line: 'unlock staging web', by: 'bob', says: ['Ended: ', 'web in staging'] },
  { line: 'unlock staging web', says: ['web in staging is not locked'] },
  { line: 'block web-1 --reason "loses orders"', by: 'bob', says: ['web-1 is blocked by @UBOB: loses orders'] }, // biome-ignore format: one row
  { line: 'unblock web-1', by: 'bob', says: ['web-1 can be released again'] },
  { line: 'approve ID', by: 'carol', says: ['that takes the role approver'] },
  { line: 'approve ID', by: 'bob', says: ['You approved ID'] },
  { line: 'reject ID not before the migration', says: ['You have withdrawn ID'] },
  { line: 'reject ID', says: ['is over: denied, withdrawn by alice: not before the migration'] },
  { line: 'promote web staging production', by: 'carol', says: ['web → production', 'web-1'] },
  { line: 'rollback web staging', says: ['Rolling back web in staging'] },
  { line: 'delete web staging', by: 'dave', says: ['dave may not delete apps'] },
  { line: 'delete web staging', says: ['web in staging'] },
  { line: 'whoami', says: ['You are alice (releaser).', 'You may look, release'] },
  { line: 'relese web staging', says: ['There is no command "relese"', 'Try /gimlet release web staging'] }, // biome-ignore format: one row
  { line: 'release wbe staging', says: ['There is no app wbe; did you mean web?'] },
  { line: 'release web stagin', says: ['No manifest of web is for stagin', 'production, staging'] },
  { line: 'release web staging --frce', says: ['release has no --frce: did you mean --force?'] },
  { line: 'release web staging --force --reason x', says: ['alice may not force past gates and locks'] }, // biome-ignore format: one row
  { line: 'release web staging "half', says: ['A quotation mark is not closed: "half'] },
  { line: 'release we\u200bb staging', says: ['There is an invisible character in it (U+200B)'] },
  { line: 'release web staging; rm -rf /', says: ['Unexpected "rm"'] },
  { line: 'release web staging --upload-pack=x', says: ['release has no --upload-pack'] },
]

const closed = gate({ env: 'production', otherwise: 'hold', expires: '2h', message: 'Production is closed' }) // biome-ignore format: one line

describe('every command of the grammar', () => {
  it('says in Slack what it says everywhere, in the words of Slack', async () => {
    const here = await slackServer({ policies: { 'approval.json': gate({ env: 'nowhere' }), 'closed.json': closed } }, onTestFinished) // biome-ignore format: one line
    const { sender, server, push, until, shown } = here
    for (const id of ['web-0', 'web-1']) {
      await push(id, { version: { message: 'Faster search', authorName: 'Ann' } })
      await sender.command(`release ${id} staging`, { user: users.carol })
      await until(async () => {
        const { body } = await server.call('/api/status?env=staging')
        expect(body).toMatchObject({ web: { artifactId: id } })
      })
    }
    const asked = await answered(here, 'release web production', { user: users.alice })
    const id = /r-[0-9a-z]{15}/.exec(JSON.stringify(asked))?.[0] ?? ''
    await server.ended(id)
    const missing: unknown[] = []
    for (const { line, by = 'alice', says } of cases) {
      const typed = line.replaceAll('ID', id)
      const text = shown(await answered(here, typed, { user: users[by] })).replaceAll(id, 'ID')
      for (const words of says) if (!text.includes(words)) missing.push({ line, words, text })
    }
    expect(missing).toEqual([])
  })

  it('is in the table above', () => {
    const tried = new Set(cases.map(({ line }) => line.split(' ')[0]?.toLowerCase()))
    expect(verbs.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([])
  })
})

describe('help', () => {
  it('shows what this person may do', async () => {
    const here = await slackServer({}, onTestFinished)
    const { shown } = here
    const alice = shown(await answered(here, 'help', { user: users.alice }))
    const dave = shown(await answered(here, 'help', { user: users.dave }))
    expect(alice).toContain('/gimlet release')
    expect(alice).not.toContain('/gimlet approve')
    expect(dave).not.toContain('/gimlet release')
    expect(dave).toContain('/gimlet status')
  })

  it('has the name that the command has', async () => {
    const here = await slackServer({ environment: { SLACK_COMMAND: '/ship' } }, onTestFinished)
    const answer = await answered(here, 'help', { user: users.alice, command: '/ship' })
    expect(here.shown(answer)).toContain('/ship status')
  })
})

describe('buttons', () => {
  it('explain, and ask again for what was refused', async () => {
    const here = await slackServer({}, onTestFinished)
    const { sender, push, slack, until, shown } = here
    await push('web-1')
    await sender.command('release web production', { user: users.alice })
    const held = await until(() => {
      const [one] = slack.messages('#production')
      expect(shown(one)).toContain('Waiting')
      return one!
    })
    await sender.click({ actionId: 'explain', message: held, user: users.dave })
    await until(() => expect(shown(slack.responses.at(-1)?.body)).toContain('✗ approval (gate)'))
    await sender.command(`reject ${/r-[0-9a-z]{15}/.exec(JSON.stringify(held))?.[0]} no`, { user: users.bob }) // biome-ignore format: one line
    const refused = await until(() => {
      const [one] = slack.messages('#production')
      expect(shown(one)).toContain('Rejected: release')
      return one!
    })
    await sender.click({ actionId: 'retry', message: refused, user: users.dave })
    await until(() => expect(shown(slack.responses.at(-1)?.body)).toContain('dave may not release'))
    await sender.click({ actionId: 'retry', message: refused, user: users.carol })
    await until(() => expect(shown(slack.responses.at(-1)?.body)).toContain('Asked for again: r-'))
    await until(() => {
      const again = slack.messages('#production').filter(({ thread_ts }) => !thread_ts)
      expect(again).toHaveLength(2)
      expect(shown(again[1])).toContain('Asked for by @UCAROL')
    })
  })

  it.each([
    { name: 'a button that there is not', actionId: 'destroy', value: 'r-1' },
    { name: 'a value that is no request', actionId: 'approve', value: '../../etc/passwd' },
    { name: 'a value of another kind', actionId: 'approve', value: '{"id":"r-1"}' },
    { name: 'no value', actionId: 'approve', value: '' },
  ])('A23: $name does nothing', async ({ actionId, value }) => {
    const here = await slackServer({}, onTestFinished)
    const { sender, slack, until, shown } = here
    const said = slack.someoneSays('#talk', 'hello', { user: users.dave })
    const click = await sender.click({ actionId, value, message: said, user: users.root })
    expect(click.status).toBe(200)
    await until(() => expect(shown(slack.responses.at(-1)?.body)).toContain('There is no request'))
  })
})
