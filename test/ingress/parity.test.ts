import { afterAll, expect, test } from 'vitest'
import { parseWords } from '../../src/commands/grammar.ts'
import { chatTable } from '../../src/commands/verbs.ts'
import { roles } from '../../src/domain/actor.ts'
import { gimletIn } from '../support/gimlet.ts'
import { answered, people, slackServer } from '../support/slack-server.ts'

const everyRole = Object.fromEntries(roles.map((role) => [`u${role}`, [role]]))
const given = { policies: { 'people.json': people(everyRole) } }
const { server, slack, sender } = await slackServer(given, afterAll)
/** The words of a line, as a shell gives them. */
const wordsOf = (line: string) =>
  (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''))
/** Every verb that becomes a command, as its own help shows it. */
const typed = chatTable.verbs
  .map(({ example }) => example)
  .filter((example) => parseWords(wordsOf(example), 0).kind === 'command')

test.each(roles)('A26: what %s types has one verdict, in a terminal and in Slack', async (role) => {
  const login = `u${role}`
  const token = await server.user(login, { roles: [role] })
  const gimlet = gimletIn({ GIMLET_SERVER: server.url, GIMLET_TOKEN: token })
  const apart: unknown[] = []
  for (const example of typed) {
    const { out, err } = await gimlet(...wordsOf(example))
    const user = login.toUpperCase()
    const shown = JSON.stringify(await answered({ slack, sender }, example, { user }))
    const verdicts = [out + err, shown].map((text) => text.includes('may not'))
    if (verdicts[0] !== verdicts[1]) apart.push({ example, out, err, shown })
  }
  expect(apart).toEqual([])
  expect(typed.length).toBeGreaterThan(10)
})
