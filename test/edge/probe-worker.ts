import type { DurableObjectState } from '@cloudflare/workers-types'

type Env = {
  readonly SERVER: { getByName(name: string): { fetch(request: Request): Promise<Response> } }
  readonly DELIVERIES: { send(body: string): Promise<unknown> }
}

/** Keeps what it is told of, and says it again; `/spin` takes time, `/alarm` wakes it later. */
export class Server {
  readonly #state: DurableObjectState

  constructor(state: DurableObjectState) {
    this.#state = state
  }

  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === '/alarm') await this.#state.storage.setAlarm(Date.now() + 100)
    if (request.method === 'POST') await this.#state.storage.put(await request.text(), true)
    return Response.json([...(await this.#state.storage.list()).keys()])
  }

  async alarm(): Promise<void> {
    await this.#state.storage.put('alarm', true)
  }
}

const server = (env: Env) => env.SERVER.getByName('one')
const told = (what: string) => new Request('http://server/', { method: 'POST', body: what })

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/send') await env.DELIVERIES.send('sent')
    if (pathname === '/spin') return new Response(String(spin(Number(searchParams.get('turns')))))
    return server(env).fetch(request)
  },
  async queue({ messages }: { messages: readonly { body: string }[] }, env: Env): Promise<void> {
    for (const { body } of messages) await server(env).fetch(told(body))
  },
  async scheduled(_: unknown, env: Env): Promise<void> {
    await server(env).fetch(told('minute'))
  },
}

/** Work for the processor. */
function spin(turns: number): number {
  let sum = 0
  for (let turn = 0; turn < turns; turn++) sum = (sum * 31 + turn) % 1_000_003
  return sum
}
