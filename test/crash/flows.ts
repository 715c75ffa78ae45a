import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@libsql/client'
import { artifactOf } from './files.ts'
import { type Answer, type Memory, type Place, type Server, until, type World } from './place.ts'

export type { Memory } from './place.ts'

export type Flow = {
  readonly name: string
  /** Made once, by a server that nobody kills; `run` begins on a copy of it. */
  prepare(server: Server, memory: Memory): Promise<void>
  /** Asks for what the flow is about. Run again on the next server when one has ended meanwhile. */
  run(server: Server, memory: Memory, place: Place): Promise<void>
  /** What happens in the world each time the server has ended. */
  whileDown?(place: Place): Promise<void>
  /** The artifact that runs in each folder in the end; of several, either is right. */
  readonly ends: readonly Readonly<Record<string, string>>[]
  /** The rows of the fault table that its sweep proves. */
  readonly rows: readonly string[]
  /** Makes the world that it talks to, for one run. */
  world?(place: Place): Promise<World>
  /** What happens to the database of `prepare`. */
  age?(place: Place): Promise<void>
  /** How long its pushes go on without their server, in seconds, each tried. */
  readonly slowPushes?: readonly number[]
}

/** At rest it takes some 50 ms; two colleagues may use the machine as well. */
export const restMsMax = 60_000

/** Asks for something until it is answered, once; a server that ends meanwhile throws. */
export async function once(
  memory: Memory,
  key: string,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const known = memory.get(key)
  if (known) return known
  const answer = await ask()
  if (answer.status >= 500)
    throw new Error(`${key}: ${answer.status} ${JSON.stringify(answer.json)}`)
  memory.set(key, answer)
  return answer
}

/** Ids of everything that was answered with a 2xx. */
export const acceptedIn = (memory: Memory): string[] =>
  [...memory.values()].flatMap(({ status, json }) =>
    status < 300 && typeof json.id === 'string' ? [json.id] : [],
  )

async function execute({ database }: Place, statement: string): Promise<void> {
  const client = createClient({ url: `file:${database}` })
  await client.execute(statement)
  client.close()
}

export const rest = (server: Server): Promise<void> =>
  until('the queue came to rest', restMsMax, () => server.isIdle())

type Step = (server: Server, memory: Memory) => Promise<Answer>

export const post =
  (app: string, number: number, branch = 'feature'): Step =>
  (server, memory) =>
    once(memory, `post ${app}-${number}`, () =>
      server.post('/api/artifact', { body: artifactOf(app, number, branch) }),
    )
export const release =
  (app: string, number: number): Step =>
  (server, memory) => {
    const body = { env: 'production', app, artifactId: `${app}-${number}` }
    return once(memory, `release ${app}-${number}`, () => server.post('/api/releases', { body }))
  }
const rollback =
  (app: string, number: number): Step =>
  async (server, memory) => {
    const to = String(memory.get(`ref of ${app}-${number}`)?.json.ref)
    return once(memory, `rollback ${app}`, () =>
      server.post(`/api/rollback?env=production&app=${app}&sha=${to}`),
    )
  }
const remove =
  (app: string): Step =>
  (server, memory) =>
    once(memory, `delete ${app}`, () => server.post(`/api/delete?env=production&app=${app}`))

/** Puts artifacts into production, one after the other, and keeps the commit that each one was. */
export async function put(
  server: Server,
  memory: Memory,
  all: readonly (readonly [string, number])[],
) {
  for (const [app, number] of all) {
    await post(app, number)(server, memory)
    const { json } = await release(app, number)(server, memory)
    await rest(server)
    const { json: event } = await server.get(`/api/event?id=${json.id}`)
    const [hash] = event.gitopsHashes as readonly { readonly hash: string }[]
    memory.set(`ref of ${app}-${number}`, { status: 0, json: { ref: hash?.hash } })
  }
}

const all =
  (...steps: readonly Step[]): Flow['run'] =>
  async (server, memory) => {
    await Promise.all(steps.map((step) => step(server, memory)))
  }

/** A decision is no licence; what was pushed before the freeze stays pushed. */
const frozen: Omit<Flow, 'name'> = {
  rows: ['F3'],
  async prepare(server, memory) {
    await put(server, memory, [['web', 1]])
    await post('web', 2)(server, memory)
  },
  run: all(release('web', 2)),
  async whileDown({ folder }) {
    const freeze = { kind: 'gate', app: 'web', require: false, message: 'Not now' }
    writeFileSync(join(folder, 'policies/freeze.json'), JSON.stringify(freeze))
  },
  ends: [{ 'production/web': 'web-1' }, { 'production/web': 'web-2' }],
}

export const apiFlows: readonly Flow[] = [
  {
    name: 'release',
    rows: ['F2', 'F4', 'F5', 'F6'],
    async prepare(server, memory) {
      await put(server, memory, [['web', 1]])
      await post('web', 2)(server, memory)
    },
    run: all(release('web', 2)),
    ends: [{ 'production/web': 'web-2' }],
  },
  {
    name: 'arrival',
    rows: ['F2', 'F5', 'F6'],
    prepare: (server, memory) => put(server, memory, [['web', 1]]),
    run: all(post('web', 2, 'main')),
    ends: [{ 'production/web': 'web-1', 'staging/web': 'web-2' }],
  },
  {
    name: 'batch',
    rows: ['F2', 'F5', 'F6', 'F31'],
    async prepare(server, memory) {
      await put(server, memory, [
        ...([
          ['shop', 1],
          ['shop', 2],
          ['mail', 1],
        ] as const),
      ])
      for (const app of ['web', 'api']) await post(app, 1)(server, memory)
    },
    run: all(
      release('web', 1),
      release('api', 1),
      rollback('shop', 1),
      remove('mail'),
      post('cart', 1, 'main'),
    ),
    ends: [
      {
        'production/web': 'web-1',
        'production/api': 'api-1',
        'production/shop': 'shop-1',
        'staging/cart': 'cart-1',
      },
    ],
  },
  {
    name: 'rollback',
    rows: ['F2', 'F5', 'F6'],
    prepare: (server, memory) =>
      put(server, memory, [
        ['web', 1],
        ['web', 2],
        ['web', 3],
      ]),
    run: all(rollback('web', 1)),
    ends: [{ 'production/web': 'web-1' }],
  },
  {
    name: 'delete',
    rows: ['F2', 'F5', 'F6'],
    prepare: (server, memory) =>
      put(server, memory, [
        ['web', 1],
        ['api', 1],
      ]),
    run: all(remove('web')),
    ends: [{ 'production/api': 'api-1' }],
  },
  {
    name: 'approve',
    rows: ['F2', 'F5', 'F6'],
    async prepare(server, memory) {
      const body = { login: 'bob', roles: ['approver'] }
      memory.set('bob', await server.post('/api/user', { body }))
      await post('careful', 1, 'risky')(server, memory)
    },
    async run(server, memory) {
      const { json } = await release('careful', 1)(server, memory)
      // Held by now, and approved afterwards: both ends of the wait are steps.
      await rest(server)
      const token = String(memory.get('bob')?.json.token)
      await once(memory, 'approve', () => server.post(`/api/event/${json.id}/approve`, { token }))
      await until('the approved release went', restMsMax, async () => {
        const { json: event } = await server.get(`/api/event?id=${json.id}`)
        return event.status !== 'held' && event.status !== 'new'
      })
    },
    ends: [{ 'production/careful': 'careful-1' }],
  },
  {
    // An older request waits, a newer one of its place goes by: the older may not land on top of it.
    name: 'overtaken',
    rows: ['F2', 'F31'],
    async prepare(server, memory) {
      await post('careful', 1, 'risky')(server, memory)
      await post('careful', 2)(server, memory)
      await release('careful', 1)(server, memory)
      await rest(server)
    },
    run: all(release('careful', 2)),
    // What it waits for comes true, and it is due.
    async whileDown(place) {
      rmSync(join(place.folder, 'policies/gate.json'), { force: true })
      await execute(place, `update events set due_ms = 0 where status = 'held'`)
    },
    ends: [{ 'production/careful': 'careful-2' }],
  },
  // A push that is still under way when the next server denies its request is a flow of its own.
  { ...frozen, name: 'frozen', slowPushes: [0] },
  {
    ...frozen,
    name: 'late',
  },
  {
    // The last time that a server may end while it carries the same request out.
    name: 'poison',
    rows: ['F37'],
    async prepare(server, memory) {
      await put(server, memory, [['web', 1]])
      await post('web', 2)(server, memory)
    },
    run: all(release('web', 2)),
    whileDown: (place) =>
      execute(place, `update events set attempts = 20 where status = 'new' and attempts > 0`),
    ends: [{ 'production/web': 'web-1' }, { 'production/web': 'web-2' }],
  },
]
