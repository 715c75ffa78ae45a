/** Whoever takes longer to send what nobody reads is cut off. */
const unreadMs = 10_000

/**
 * Takes in what nobody has read of a body, before its answer is sent: the platform breaks on a body that
 * comes after the answer, and holds up what follows on the connection.
 */
export async function takeInUnread({ body, bodyUsed }: Request): Promise<void> {
  if (body === null || bodyUsed || body.locked) return
  const signal = AbortSignal.timeout(unreadMs)
  // Whoever hangs up in the middle wants no answer.
  await body.pipeTo(new WritableStream(), { signal }).catch(() => undefined)
}
