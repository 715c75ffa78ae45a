import { DurableObject } from 'cloudflare:workers'
import type { Bindings, DeliveryBatch, ObjectState, ServerCalls } from './edge/bindings.ts'
import { Door, serverOf } from './edge/door.ts'
import { EdgeServer } from './edge/server.ts'
import type { AcceptResult, Arrival } from './store/artifacts.ts'

/** The Durable Object that `wrangler.toml` names. */
export class Server extends DurableObject implements ServerCalls {
  readonly #server: EdgeServer

  constructor(state: ObjectState, bindings: Bindings) {
    super(state, bindings)
    this.#server = new EdgeServer(state, bindings)
  }

  fetch(request: Request): Promise<Response> {
    return this.#server.fetch(request)
  }

  accept(arrival: Arrival): Promise<AcceptResult> {
    return this.#server.accept(arrival)
  }

  wake(): Promise<void> {
    return this.#server.wake()
  }

  tick(): Promise<void> {
    return this.#server.tick()
  }

  alarm(): Promise<void> {
    return this.#server.alarm()
  }
}

export default {
  fetch: (request: Request, bindings: Bindings): Promise<Response> =>
    Door.of(bindings).answer(request),
  queue: (batch: DeliveryBatch, bindings: Bindings): Promise<void> => Door.of(bindings).keep(batch),
  scheduled: (_: unknown, bindings: Bindings): Promise<void> => serverOf(bindings).tick(),
}
