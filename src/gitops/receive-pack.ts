import type { Sha } from '../domain/names.ts'
import { flush, type Packet, packet, packetsIn } from './pkt-line.ts'

/** `moved`: the branch is not at the expected tip. `unknown`: only a look at the remote can tell. */
export type PushResult =
  | { readonly kind: 'landed' }
  | { readonly kind: 'moved' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly cause: unknown }

/** One visit to a repository's `git receive-pack`, however it is reached. */
export type Visit = {
  /** What the host says of its branches, up to the first flush. */
  readonly advertised: AsyncIterator<Packet, undefined>
  /** Sends the command with the pack, and answers what the host says to it. */
  send(request: readonly Uint8Array[]): AsyncIterator<Packet, undefined>
  /** Leaves. What the host still does for a push that it has reported is not cut off. */
  end(): void
}

/** One branch, moved from where it is expected to be to a commit whose pack is at hand. */
export type Move = {
  readonly branch: string
  readonly tip: Sha
  readonly newTip: Sha
  /** Every object of `newTip` that `tip` lacks, as a pack file has them. */
  readonly pack: Uint8Array
}

/** How much a host may say about its branches, in bytes: a hundred thousand of them. */
const advertisedBytesMax = 10 * 1024 * 1024

/** What a host must offer, and what we then ask for. `ofs-delta` is what fast-import writes. */
const needed = ['report-status', 'side-band-64k', 'ofs-delta']

/**
 * Moves the branch by git's own protocol. The host compares the tip once more when it moves the
 * branch, so nothing is ever forced. Never throws.
 */
export async function directPush(begin: () => Visit, move: Move): Promise<PushResult> {
  const ref = `refs/heads/${move.branch}`
  let visit: Visit | undefined
  try {
    visit = begin()
    const { tip, capabilities } = await readAdvertised(visit.advertised, ref)
    if (tip !== move.tip) return { kind: 'moved' }
    const missing = needed.filter((name) => !capabilities.includes(name))
    if (missing.length > 0) throw new Error(`the git host does not offer ${missing.join(', ')}`)
    if (capabilities.includes('object-format=sha256')) throw new Error('the ids are not SHA-1')
    const asked = ['report-status', 'side-band-64k', 'quiet', 'agent=gimletd']
    const command = `${move.tip} ${move.newTip} ${ref}\0 ${asked.join(' ')}\n`
    const request = [Buffer.from(packet(command) + flush), move.pack]
    return await readReport(visit.send(request), ref)
  } catch (cause) {
    return { kind: 'unknown', cause }
  } finally {
    visit?.end()
  }
}

type Advertised = { readonly tip: string | undefined; readonly capabilities: readonly string[] }

async function readAdvertised(
  packets: AsyncIterator<Packet, undefined>,
  ref: string,
): Promise<Advertised> {
  let [tip, bytes]: [string | undefined, number] = [undefined, 0]
  let capabilities: readonly string[] | undefined
  for (;;) {
    const { value } = await packets.next()
    if (value === undefined) throw new Error('the git host ended before it named its branches')
    if (value === 'flush') return { tip, capabilities: capabilities ?? [] }
    const [line = '', offered] = value.toString('utf8').trimEnd().split('\0')
    capabilities ??= (offered ?? '').split(' ')
    if (!/^[0-9a-f]{40} \S/.test(line))
      throw new Error('the git host named no branch but something')
    if (line.slice(41) === ref) tip = line.slice(0, 40)
    bytes += value.length
    if (bytes > advertisedBytesMax) throw new Error('the git host names too many branches')
  }
}

/** Reads up to the end of the report: the host's hooks and upkeep go on after it. */
async function readReport(
  packets: AsyncIterator<Packet, undefined>,
  ref: string,
): Promise<PushResult> {
  const told: string[] = []
  const lines: string[] = []
  for await (const line of packetsIn(reportIn(packets, told))) {
    if (line === 'flush') break
    lines.push(line.toString('utf8').trimEnd())
  }
  if (lines[0] === 'unpack ok' && lines[1] === `ok ${ref}`) return { kind: 'landed' }
  if (!lines[0]?.startsWith('unpack ')) throw new Error('the git host reported nothing')
  return { kind: 'refused', reason: [...told, ...lines].join(' ') }
}

/** The first band is the report, the second for people, the third what ended it all. */
async function* reportIn(packets: AsyncIterator<Packet, undefined>, told: string[]) {
  for (;;) {
    const { value } = await packets.next()
    if (value === undefined || value === 'flush') return
    const text = value.subarray(1)
    if (value[0] === 1) yield text
    else if (value[0] === 2) told.push(text.toString('utf8').trim())
    else throw new Error(`the git host gave up: ${text.toString('utf8').trim()}`)
  }
}
