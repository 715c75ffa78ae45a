import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gate } from '../support/builders.ts'
import { drain, type TestParts, testParts } from '../support/parts.ts'
import type { Later } from '../support/temp.ts'

/** What may happen between any two things that the server does, its decision and its push included. */
const steps = [
  'lock',
  'unlock',
  'block',
  'unblock',
  'approve',
  'demote',
  'promote',
  'close the gate',
  'open the gate',
] as const
type Step = (typeof steps)[number]

/** What is true now, as the test knows it apart from the product. */
type Model = {
  isLocked: boolean
  isBlocked: boolean
  isApprover: boolean
  isClosed: boolean
  readonly approved: Set<string>
}

const needsBob = gate({ otherwise: 'hold', require: { approvedBy: { role: 'approver' } } })
const closed = gate({ message: 'Closed' })
const people = (roles: readonly string[]) => JSON.stringify({ people: [{ login: 'bob', roles }] })
const freeze = { id: 'l-1', kind: 'freeze', env: 'production', app: null, reason: 'x', by: 'bob', createdUnix: 0, untilUnix: null } as const // biome-ignore format: one value

/** Does a step to the product and to the model. */
async function take(parts: TestParts, model: Model, step: Step): Promise<void> {
  const { controls } = parts
  switch (step) {
    case 'lock':
      model.isLocked = true
      await controls.lock({ ...freeze, id: `l-${Math.random()}` })
      return
    case 'unlock': {
      model.isLocked = false
      const ids = (await controls.locks(0)).map(({ id }) => id)
      await controls.unlock(ids, { login: 'bob', unix: 0 })
      return
    }
    case 'block':
      model.isBlocked = true
      await controls.addBlock({ artifactId: 'web-1', reason: 'x', by: 'bob', createdUnix: 0 })
      return
    case 'unblock':
      model.isBlocked = false
      await controls.removeBlock('web-1')
      return
    case 'approve':
      for (const id of ['r-1', 'r-2']) {
        model.approved.add(id)
        await controls.approve({ eventId: id, login: 'bob', createdUnix: 0 })
      }
      return
    case 'demote':
    case 'promote':
      model.isApprover = step === 'promote'
      await parts.putPolicies({ 'people.json': people(model.isApprover ? ['approver'] : []) })
      return
    case 'close the gate':
    case 'open the gate':
      model.isClosed = step === 'close the gate'
      await parts.putPolicies({ 'closed.json': model.isClosed ? closed : null })
  }
}

/** Why nothing may be committed for a request now, as far as the model goes. */
const objection = (model: Model, eventId: string): string | undefined => {
  if (model.isLocked) return 'locked'
  if (model.isBlocked) return 'blocked'
  if (model.isClosed) return 'closed'
  return model.isApprover && model.approved.has(eventId) ? undefined : 'not approved'
}

type Run = { readonly between: readonly Step[]; readonly before: readonly (readonly Step[])[] }

/** Plays one interleaving, and answers every commit that should not have been. */
async function play({ between, before }: Run, later: Later): Promise<string[]> {
  const policies = { 'bob.json': needsBob, 'people.json': people(['approver']) }
  const parts = await testParts({ policies }, later)
  const model: Model = { isLocked: false, isBlocked: false, isApprover: true, isClosed: false, approved: new Set() } // biome-ignore format: one value
  const wrong: string[] = []
  await parts.push({ id: 'web-1' })
  await parts.ask({ id: 'r-1' })
  const left = [...between]
  const { gitops, landings } = parts.ports
  const ports = {
    ...parts.ports,
    gitops: {
      url: gitops.url,
      tip: () => gitops.tip(),
      landed: gitops.landed.bind(gitops),
      async commit(...args: Parameters<typeof gitops.commit>) {
        const step = left.shift()
        if (step) await take(parts, model, step)
        return gitops.commit(...args)
      },
    },
    landings: {
      land: landings.land.bind(landings),
      async intend(...[event, intent]: Parameters<typeof landings.intend>) {
        const isCurrent = await landings.intend(event, intent)
        const why = objection(model, event.id)
        if (isCurrent && why) wrong.push(`${event.id}: ${why}`)
        return isCurrent
      },
    },
  }
  for (const [at, some] of before.entries()) {
    for (const step of some) await take(parts, model, step)
    if (at === 1) await parts.ask({ id: 'r-2' })
    await drain(ports)
    parts.clock.moveMs(20_000)
  }
  for (const id of ['r-1', 'r-2']) {
    const landed = (await parts.events.commits(id)).filter(({ state }) => state === 'landed')
    if (landed.length > 1) wrong.push(`${id}: ${landed.length} commits`)
  }
  return wrong
}

test('F3, F30, A27: nothing is committed whose gate does not hold at its push, however things interleave', async () => {
  const step = fc.constantFrom(...steps)
  const run = fc.record({
    between: fc.array(step, { maxLength: 4 }),
    before: fc.array(fc.array(step, { maxLength: 3 }), { minLength: 2, maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(run, async (one) => {
      const ends: (() => unknown)[] = []
      try {
        expect(await play(one, (end) => void ends.push(end as () => unknown))).toEqual([])
      } finally {
        for (const end of ends.reverse()) await end()
      }
    }),
    {
      numRuns: 40,
      examples: [
        [{ between: ['lock'], before: [['approve'], []] }],
        [{ between: ['demote'], before: [['approve'], []] }],
        [{ between: ['close the gate'], before: [['approve'], []] }],
        [{ between: ['block', 'unblock'], before: [['approve'], []] }],
      ],
    },
  )
}, 180_000)
