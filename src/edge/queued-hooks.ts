import { deliveryOf, readHook, type Secrets } from '../ingress/github/signed-hook.ts'
import type { Logger } from '../logger.ts'
import type { DeliveryStore } from '../store/deliveries.ts'
import { newId } from '../store/ids.ts'
import type { Bindings } from './bindings.ts'

/** A message of a queue holds 128 kB, some of them the platform's own. */
const queuedBytesMax = 120_000

type Given = {
  readonly queue: Bindings['DELIVERIES']
  /** Says to the server that there is something new. */
  readonly wake: () => Promise<void>
  readonly deliveries: Pick<DeliveryStore, 'accept'>
  readonly secrets: Secrets
  readonly clock: { nowMs(): number }
  readonly log: Pick<Logger, 'warn'>
}

/**
 * Answers GitHub's deliveries: verified, put into the queue, and answered 202. What the queue does not
 * hold, or does not take, goes into the database at once.
 */
export function queuedHooks(given: Given): (request: Request) => Promise<Response> {
  const { queue, wake, deliveries, secrets, clock, log } = given
  return async (request) => {
    const hook = await readHook(request, secrets)
    if (hook instanceof Response) return hook
    const delivery = deliveryOf(hook, { requestId: newId('event'), receivedMs: clock.nowMs() })
    const isQueued =
      bytesOf(delivery) <= queuedBytesMax &&
      (await queue.send(delivery).then(
        () => true,
        (error: unknown) => {
          log.warn({ err: error }, 'the queue took no delivery: it goes into the database')
          return false
        },
      ))
    if (!isQueued) {
      await deliveries.accept(delivery)
      // It is kept, and the server looks by itself every minute.
      await wake().catch((error: unknown) => log.warn({ err: error }, 'the server was not woken'))
    }
    return new Response('', { status: 202 })
  }
}

const bytesOf = (delivery: object): number =>
  new TextEncoder().encode(JSON.stringify(delivery)).length
