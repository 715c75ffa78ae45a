import { policyActor } from '../domain/actor.ts'
import type { NewEvent } from '../domain/event.ts'
import { Fault } from '../domain/fault.ts'
import type { Trigger } from '../policy/policy.ts'
import { lastDueMs } from '../policy/schedule.ts'
import type { RunPorts } from './ports.ts'

/** A time that was missed by less, such as while the server was down, is made up for. */
const lateMs = 60 * 60_000

export type SchedulePorts = {
  readonly schedules: {
    /** Notes that a trigger is known from now on: times before it were not meant. */
    note(trigger: string, nowMs: number): Promise<void>
    add(event: NewEvent, run: { trigger: string; due: number }): Promise<boolean>
  }
}
type Ports = Pick<RunPorts, 'clock' | 'sources' | 'ids'> &
  SchedulePorts & { readonly gitops: Pick<RunPorts['gitops'], 'tip'> }

/** Keeps an event for every scheduled trigger whose time has come, once a time. */
export async function tellTime(ports: Ports): Promise<void> {
  for (const trigger of await scheduled(ports)) {
    const nowMs = ports.clock.nowMs()
    const { name, schedule } = trigger
    await ports.schedules.note(name, nowMs)
    const due = schedule && lastDueMs(schedule, nowMs)
    if (!due || due < nowMs - lateMs) continue
    await ports.schedules.add(eventOf(ports, name), { trigger: name, due })
  }
}

async function scheduled({ gitops, sources }: Ports): Promise<Trigger[]> {
  try {
    const { triggers } = await sources.policies(await gitops.tip())
    return triggers.filter(({ enabled, schedule }) => enabled && schedule !== null)
  } catch (error) {
    // A git host that is away must not keep the queue from being worked on.
    if (error instanceof Fault) return []
    throw error
  }
}

const eventOf = ({ ids, clock }: Ports, trigger: string): NewEvent => ({
  id: ids.next('event'),
  parentId: null,
  kind: 'schedule',
  artifactId: null,
  env: null,
  app: null,
  toRef: null,
  reason: '',
  actor: policyActor(trigger),
  source: 'policy',
  createdMs: clock.nowMs(),
  about: { on: 'schedule', trigger },
})
