import { expect, test } from 'vitest'
import type { Version } from '../../src/domain/artifact.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import type { Release } from '../../src/domain/release.ts'
import { outcomeReply } from '../../src/messages/github/reply.ts'
import { plain } from '../../src/messages/paint.ts'
import { answer } from '../../src/messages/slack/answer.ts'
import { outcomeText } from '../../src/messages/text.ts'

const release: Release = {
  ...{ id: 'r-1', app: 'web', env: 'production', artifactId: 'web-1', triggeredBy: 'alice' },
  version: { branch: 'main', message: '', authorName: '' } as Version,
  ...{ gitopsRef: 'a'.repeat(40), gitopsRepo: '', created: 1, status: 'pushed', rolledBack: false },
  ...{ decisionId: '', policyVersion: '' },
}
const context = { slackUser: () => null, commitUrl: () => null, command: '/gimlet' }

/** What `status` says of it on every surface. */
function said(one: Release): string[] {
  const outcome: Outcome = { kind: 'status', env: '*', status: { production: { web: one } } }
  return [
    outcomeText(outcome, { paint: plain, nowUnix: 100 }),
    JSON.stringify(answer(outcome, context)),
    outcomeReply(outcome),
  ]
}

const commitBy = (author: string, first: string) => ({
  ref: first.padEnd(40, '0'),
  ...{ author, subject: 'more', created: 1 },
})

test('status says on every surface who changed an app by hand, and nothing where nobody did', () => {
  for (const text of said({ ...release, drift: { commits: [commitBy('Bob', '1a2b3c4d')] } }))
    expect(text).toContain('changed by hand by Bob, 1a2b3c4d')
  for (const text of said(release)) expect(text).not.toMatch(/hand|DRIFT/)
})

test('status names the newest of several, and how many more there are', () => {
  const commits = [commitBy('Ann', '11111111'), commitBy('Bob', '1a2b3c4d')]
  for (const text of said({ ...release, drift: { commits } }))
    expect(text).toContain('changed by hand by Bob, 1a2b3c4d and 1 more')
})

test('R21: a name that is more than a name is words and nothing else', () => {
  const [terminal = '', , github = ''] = said({
    ...release,
    drift: { commits: [commitBy('\u001b[31m@all | <b>\n/gimlet delete', '1a2b3c4d')] },
  })
  expect(terminal).not.toContain('\u001b')
  expect(terminal.split('\n')).toHaveLength(2)
  expect(github.split('\n')).toHaveLength(3)
  expect(github).not.toMatch(/@all|<b>|[^\\]\| <|\/gimlet/)
})
