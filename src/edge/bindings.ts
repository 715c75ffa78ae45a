import type { Delivery } from '../store/deliveries.ts'

/** The object that the server runs in, as the door calls it. */
export type ServerCalls = {
  /** Answers a request as the server on a machine does. */
  fetch(request: Request): Promise<Response>
  /** Says that there is something new to do. */
  wake(): Promise<void>
  /** Says that a minute is over. */
  tick(): Promise<void>
}

/** What `wrangler.toml` binds, beside settings and secrets, which are texts. */
export type Bindings = Readonly<Record<string, unknown>> & {
  readonly SERVER: {
    idFromName(name: string): unknown
    get(id: never): ServerCalls
  }
  readonly DELIVERIES: { send(delivery: Delivery): Promise<unknown> }
}

/** What of a request's context is used: work that may be lost when the runtime ends. */
export type Context = { waitUntil(work: Promise<unknown>): void }

/** Deliveries as the queue hands them out. All of them come again when this throws. */
export type DeliveryBatch = { readonly messages: readonly { readonly body: Delivery }[] }

/** What of a Durable Object is used. */
export type ObjectState = {
  readonly storage: { setAlarm(ms: number): Promise<void>; deleteAlarm(): Promise<void> }
}
