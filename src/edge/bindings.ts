import type { AcceptResult, Arrival } from '../store/artifacts.ts'
import type { Delivery } from '../store/deliveries.ts'

/** The object that the server runs in, as the door calls it. */
export type ServerCalls = {
  /** Answers a request as the server on a machine does. */
  fetch(request: Request): Promise<Response>
  /** Keeps an artifact, with all that arrive at the same time in one transaction. */
  accept(arrival: Arrival): Promise<AcceptResult>
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

/** Deliveries as the queue hands them out. All of them come again when this throws. */
export type DeliveryBatch = { readonly messages: readonly { readonly body: Delivery }[] }

/** What of a Durable Object is used. */
export type ObjectState = {
  readonly storage: { setAlarm(ms: number): Promise<void>; deleteAlarm(): Promise<void> }
}
