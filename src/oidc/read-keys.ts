import type { JSONWebKeySet } from 'jose'
import { z } from 'zod'

/** How long an issuer may take for each of two answers, and how long they may be. */
const answerMs = 5_000
const answerBytesMax = 512 * 1024

const discovery = z.looseObject({ issuer: z.string(), jwks_uri: z.url() })
const keySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).max(200) })

/**
 * Asks an issuer for its keys of now. Its document must name it exactly, and its keys lie at its own
 * origin: so nobody else is ever asked, and never without https but on this machine. Throws what may pass.
 */
export async function readKeys(issuer: string): Promise<JSONWebKeySet> {
  const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const { issuer: named, jwks_uri: keysAt } = discovery.parse(await readJson(place))
  if (named !== issuer) throw new Error(`${place} is of another issuer`)
  if (new URL(keysAt).origin !== new URL(issuer).origin)
    throw new Error(`${place} points to keys at another host`)
  return keySet.parse(await readJson(keysAt)) as JSONWebKeySet
}

async function readJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    // Nobody is followed elsewhere; Workers does not know `error`.
    redirect: 'manual',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(answerMs),
  })
  if (response.status !== 200 || response.body === null)
    throw new Error(`${url} answers ${response.status}`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.length
    if (bytes > answerBytesMax) throw new Error(`${url} answers more than ${answerBytesMax} bytes`)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}
