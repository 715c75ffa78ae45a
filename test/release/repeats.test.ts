import { describe, expect, test } from 'vitest'
import { gate } from '../support/builders.ts'
import { drain, testParts } from '../support/parts.ts'

const folder = 'production/web'
const written = `${folder}/configmap-web.yaml`

/** A release has landed, and the same is asked for again. */
async function askedAgain({ by = 'web-1', meanwhile = {} } = {}) {
  const parts = await testParts()
  await parts.push()
  await parts.push({ id: 'web-2' })
  await parts.ask()
  await drain(parts.ports)
  const before = await parts.gitops.files()
  if (Object.keys(meanwhile).length > 0) await parts.gitops.someoneCommits(meanwhile)
  const tip = await parts.gitops.tipOfRemote()
  await parts.ask({ id: 'r-2', artifactId: by })
  await drain(parts.ports)
  const isWritten = tip !== (await parts.gitops.tipOfRemote())
  return { parts, before, isWritten, event: await parts.events.find('r-2') }
}

describe('a release of what runs there already', () => {
  test('writes nothing, is done, and says so', async () => {
    const { parts, isWritten, event } = await askedAgain()
    expect(isWritten).toBe(false)
    expect(event).toMatchObject({
      status: 'processed',
      statusDesc: 'web-1 runs in production already, file for file: nothing to write',
    })
    expect(await parts.events.commits('r-2')).toEqual([])
    expect(await parts.releases.running({ env: 'production' })).toMatchObject([{ id: 'r-1' }])
    const decision = await parts.events.decision(event?.decisionId ?? '')
    expect(decision).toMatchObject({ eventId: 'r-2', verdict: 'allow' })
  })

  test('F9: is decided on the branch as it is now, whatever was committed beside it', async () => {
    const { parts, isWritten, event } = await askedAgain({ meanwhile: { 'README.md': 'theirs\n' } })
    expect(isWritten).toBe(false)
    expect(event?.statusDesc).toContain('nothing to write')
    const decision = await parts.events.decision(event?.decisionId ?? '')
    expect(decision?.tip).toBe(await parts.gitops.tipOfRemote())
  })

  test('is refused all the same where a gate says no', async () => {
    const { parts } = await askedAgain()
    await parts.putPolicies({ 'no.json': gate() })
    await parts.ask({ id: 'r-3' })
    await drain(parts.ports)
    expect(await parts.events.find('r-3')).toMatchObject({ status: 'denied' })
  })

  test.each([
    { name: 'a file was changed by hand', meanwhile: { [written]: 'replicas: 3\n' } },
    { name: 'a file was added by hand', meanwhile: { [`${folder}/more.yaml`]: 'a: 1\n' } },
  ])('puts the folder right when $name', async ({ meanwhile }) => {
    const { parts, before, isWritten } = await askedAgain({ meanwhile })
    expect(isWritten).toBe(true)
    const { [`${folder}/release.json`]: _, ...files } = await parts.gitops.files()
    const { [`${folder}/release.json`]: __, ...own } = before
    expect(files).toEqual(own)
  })

  test('is a release like any other when another artifact makes the same files', async () => {
    const { parts, isWritten } = await askedAgain({ by: 'web-2' })
    expect(isWritten).toBe(true)
    expect(await parts.releases.running({ env: 'production' })).toMatchObject([{ id: 'r-2' }])
  })
})
