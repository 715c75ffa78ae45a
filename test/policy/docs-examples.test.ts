import { expect, test } from 'vitest'
import type { Facts } from '../../src/domain/facts.ts'
import { askedFor, decide } from '../../src/policy/decide.ts'
import type { ArtifactEvent } from '../../src/policy/schema.ts'
import { blocks, documented, shipped } from './support/document.ts'
import { load, problemsOf } from './support/policies.ts'

type Case = {
  readonly name: string
  readonly text: string | undefined
  readonly facts: Facts
  /** What the artifact is of; `push` unless it says so. */
  readonly event?: ArtifactEvent
  readonly app?: string
  readonly env: string
  readonly at?: string
  /** Of a trigger: `asked` or `not asked`; of a gate: the verdict. */
  readonly want: string
}
const artifact = (version: Facts): Facts => ({ artifact: { id: 'a-1', version } })
const onMain = artifact({ branch: 'main' })
const onMaster = artifact({ branch: 'master' })
const release = { request: { kind: 'release' }, artifact: { id: 'a-1' } }
const staged = (artifactId: string, minutes = 0) => ({ staging: { artifactId, minutes } })
const onlyStaged = documented.get('Production gets only what runs in staging')
const toStaging = documented.get('Every push to the default branch goes to staging')
const tags = documented.get('Version tags go to production')
const friday = documented.get('No releases on Friday afternoon, but for admins')
const shop = documented.get('Ten minutes between two releases of a shop app')
const [, soak] = blocks
const draft = shipped.get('examples/master-to-production.json')
const stagedFile = shipped.get('production-only-what-runs-in-staging.json')
const nights = shipped.get('no-releases-on-weekend-nights.json')?.replace('false', 'true')

const cases: readonly Case[] = [
  { name: 'a push to main', text: toStaging, facts: onMain, env: 'staging', want: 'asked' },
  {
    name: 'a push elsewhere',
    text: toStaging,
    facts: artifact({ branch: 'x' }),
    env: 'staging',
    want: 'not asked',
  },
  {
    name: 'a push to main',
    text: shipped.get('main-to-staging.json'),
    facts: onMain,
    env: 'staging',
    want: 'asked',
  },
  {
    name: 'a tag',
    text: shipped.get('main-to-staging.json'),
    event: 'tag',
    facts: onMain,
    env: 'staging',
    want: 'not asked',
  },
  {
    name: 'a version tag',
    text: tags,
    event: 'tag',
    facts: artifact({ tag: 'v1.2.3' }),
    env: 'production',
    want: 'asked',
  },
  {
    name: 'another tag',
    text: tags,
    event: 'tag',
    facts: artifact({ tag: 'nightly' }),
    env: 'production',
    want: 'not asked',
  },
  { name: 'a push to master', text: draft, facts: onMaster, env: 'production', want: 'asked' },
  { name: 'a push to main', text: draft, facts: onMain, env: 'production', want: 'not asked' },
  {
    name: 'a pull request to master',
    text: draft,
    event: 'pr',
    facts: onMaster,
    env: 'production',
    want: 'not asked',
  },
  {
    name: 'the same artifact',
    text: onlyStaged,
    facts: { ...release, envs: staged('a-1') },
    env: 'production',
    want: 'allow',
  },
  {
    name: 'another artifact',
    text: onlyStaged,
    facts: { ...release, envs: staged('a-2') },
    env: 'production',
    want: 'deny',
  },
  { name: 'nothing in staging', text: stagedFile, facts: release, env: 'production', want: 'deny' },
  {
    name: 'the same artifact',
    text: stagedFile,
    facts: { ...release, envs: staged('a-1') },
    env: 'production',
    want: 'allow',
  },
  {
    name: 'a rollback',
    text: stagedFile,
    facts: { request: { kind: 'rollback' } },
    env: 'production',
    want: 'allow',
  },
  {
    name: 'a delete without an artifact',
    text: stagedFile,
    facts: { request: { kind: 'delete' } },
    env: 'production',
    want: 'allow',
  },
  {
    name: '30 minutes in staging',
    text: soak,
    facts: { ...release, envs: staged('a-1', 30) },
    env: 'production',
    want: 'allow',
  },
  {
    name: '29 minutes in staging',
    text: soak,
    facts: { ...release, envs: staged('a-1', 29) },
    env: 'production',
    want: 'hold',
  },
  {
    name: 'Saturday 23:30',
    text: nights,
    facts: release,
    env: 'production',
    at: '2026-11-21T22:30:00Z',
    want: 'hold',
  },
  {
    name: 'Sunday 05:59',
    text: nights,
    facts: release,
    env: 'production',
    at: '2026-11-22T04:59:00Z',
    want: 'hold',
  },
  {
    name: 'Sunday noon',
    text: nights,
    facts: release,
    env: 'production',
    at: '2026-11-22T11:00:00Z',
    want: 'allow',
  },
  {
    name: 'Monday 23:30',
    text: nights,
    facts: release,
    env: 'production',
    at: '2026-11-23T22:30:00Z',
    want: 'allow',
  },
  {
    name: 'Friday 15:00',
    text: friday,
    facts: { actor: { roles: ['releaser'] } },
    env: 'production',
    at: '2026-11-20T14:00:00Z',
    want: 'hold',
  },
  {
    name: 'an admin',
    text: friday,
    facts: { actor: { roles: ['admin'] } },
    env: 'production',
    at: '2026-11-20T14:00:00Z',
    want: 'allow',
  },
  {
    name: 'Friday morning',
    text: friday,
    facts: { actor: { roles: [] } },
    env: 'production',
    at: '2026-11-20T08:00:00Z',
    want: 'allow',
  },
  {
    name: 'the first release',
    text: shop,
    facts: {},
    app: 'shop-web',
    env: 'production',
    want: 'allow',
  },
  {
    name: 'too soon',
    text: shop,
    facts: { current: { minutes: 9 } },
    app: 'shop-web',
    env: 'production',
    want: 'hold',
  },
  {
    name: 'late enough',
    text: shop,
    facts: { current: { minutes: 10 } },
    app: 'shop-web',
    env: 'production',
    want: 'allow',
  },
  {
    name: 'staging',
    text: shop,
    facts: { current: { minutes: 1 } },
    app: 'shop-web',
    env: 'staging',
    want: 'allow',
  },
]

const named = [...documented, ...shipped, ['30 minutes in staging', soak], ['nights', nights]]
const names = new Map(named.map(([name, text]) => [text, name]))
const nameOf = (text = ''): string => names.get(text) ?? ''

const verdictOf = ({
  text,
  facts,
  event = 'push',
  app = 'web',
  env,
  at = '2026-11-23T09:30:00Z',
}: Case): string => {
  const policies = load({ p: text })
  expect(problemsOf(policies)).toEqual([])
  const question = { app, env, facts: { ...facts, app, env }, nowMs: Date.parse(at) }
  if (policies.gates.length > 0) return decide(policies, question).verdict
  return askedFor(policies, { ...question, on: 'artifact', event }).by ? 'asked' : 'not asked'
}

test.each(cases.map((one) => ({ ...one, policy: nameOf(one.text) })))(
  '$policy — $name: $want',
  (one) => {
    expect(verdictOf(one)).toBe(one.want)
  },
)
