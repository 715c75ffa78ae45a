import { verifySlackRequest } from '@slack/bolt'

/** How far a request's time may lie from ours, either way; Bolt itself looks at the past only. */
const windowMs = 5 * 60_000
/** How many signatures are remembered: more than a workspace sends within the window. */
const rememberedMax = 50_000

type Given = {
  /** The signing secret, and the one before it while it is rotated. */
  readonly secrets: readonly string[]
  readonly nowMs: () => number
}

/** True for a request that Slack signed, now, and that was not seen before: attack A23. */
export type Verify = (headers: Headers, body: string) => 'new' | 'repeated' | 'forged'

/** Checks signatures over the bytes as they came, in constant time, within five minutes either way. */
export function verifier({ secrets, nowMs }: Given): Verify {
  const seen = new Map<string, number>()
  const isRepeated = (signature: string) => {
    for (const [one, untilMs] of seen) {
      if (untilMs > nowMs() && seen.size < rememberedMax) break
      seen.delete(one)
    }
    if (seen.has(signature)) return true
    seen.set(signature, nowMs() + 2 * windowMs)
    return false
  }
  return (headers, body) => {
    const signature = headers.get('x-slack-signature') ?? ''
    const timestamp = headers.get('x-slack-request-timestamp') ?? ''
    if (!/^\d{1,12}$/.test(timestamp) || !/^v0=[0-9a-f]{64}$/.test(signature)) return 'forged'
    const seconds = Number(timestamp)
    if (Math.abs(nowMs() - seconds * 1000) > windowMs) return 'forged'
    const isSigned = secrets.some((signingSecret) =>
      isSignedWith(signingSecret, { body, signature, seconds, nowMs: nowMs() }),
    )
    if (!isSigned) return 'forged'
    return isRepeated(signature) ? 'repeated' : 'new'
  }
}

type Signed = { body: string; signature: string; seconds: number; nowMs: number }

function isSignedWith(signingSecret: string, { body, signature, seconds, nowMs }: Signed): boolean {
  try {
    verifySlackRequest({
      signingSecret,
      body,
      headers: { 'x-slack-signature': signature, 'x-slack-request-timestamp': seconds },
      nowMilliseconds: nowMs,
    })
    return true
  } catch {
    return false
  }
}
