import type { Sha } from '../domain/names.ts'
import type { People } from '../policy/people.ts'
import type { ProposalPorts, RunPorts } from './ports.ts'

type Subject = Parameters<ProposalPorts['controls']['of']>[0]
type Place = Parameters<ProposalPorts['drift']['of']>[0]

/**
 * The ports of proposals that are made side by side on one tip: what they ask in one turn is one question
 * for all of them, and what is the same for all is asked once. For one batch: nothing is forgotten.
 */
export function atOnce(
  ports: RunPorts,
  { tip, nowUnix }: { tip: Sha; nowUnix: number },
): ProposalPorts {
  const { many, sources, releases, artifacts, controls, drift, identify } = ports
  const running = inOneTurn((apps: readonly string[]) => many.running(apps))
  const artifact = inOneTurn((ids: readonly string[]) => many.artifacts(ids))
  const binding = inOneTurn(async (asked: readonly (readonly string[])[]) => {
    const all = await releases.bindings(asked.flat())
    return asked.map(() => all)
  })
  const control = inOneTurn((all: readonly Subject[]) => many.controls(all, nowUnix))
  const changes = inOneTurn((all: readonly Place[]) => many.drift(all, tip))
  const people = new Map<string, ReturnType<typeof identify>>()
  return {
    ...ports,
    sources: {
      policies: once(() => sources.policies(tip)),
      manifests: once(() => sources.manifests(tip)),
    },
    identify(login: string, known: People) {
      const person = people.get(login) ?? identify(login, known)
      people.set(login, person)
      return person
    },
    controls: { version: once(() => controls.version()), of: control },
    artifacts: {
      find: artifact,
      findAll: (ids) => artifacts.findAll(ids),
      ofBranch: (of) => artifacts.ofBranch(of),
    },
    drift: { mode: drift.mode, of: changes, here: (where) => drift.here(where) },
    releases: {
      running: (where) =>
        where.app !== undefined && where.env === undefined
          ? running(where.app)
          : releases.running(where),
      bindings: (apps) => (apps === undefined ? releases.bindings() : binding(apps)),
      history: (filter) => releases.history(filter),
      withRef: (target) => releases.withRef(target),
    },
  }
}

/** So many steps of others may lie between two that ask the same: proposals go on side by side. */
const stepsBetween = 3

/**
 * Gathers what is asked in one turn, asks it as one, and answers each with its own. What cannot be
 * answered for all is asked for each alone: what breaks, breaks alone.
 */
function inOneTurn<Key, Value>(
  askAll: (keys: readonly Key[]) => Promise<readonly Value[]>,
): (key: Key) => Promise<Value> {
  let open: { readonly keys: Key[]; readonly values: Promise<readonly Value[] | null> } | undefined
  const ask = async (keys: readonly Key[]) => {
    for (let step = 0; step < stepsBetween; step++) await undefined
    open = undefined
    return keys.length === 1 ? null : askAll(keys).catch(() => null)
  }
  return async (key) => {
    if (!open) {
      const keys: Key[] = []
      open = { keys, values: ask(keys) }
    }
    const at = open.keys.push(key) - 1
    const values = await open.values
    return (values === null ? (await askAll([key]))[0] : values[at]) as Value
  }
}

function once<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let answer: Promise<Value> | undefined
  return () => {
    answer ??= ask()
    return answer
  }
}
