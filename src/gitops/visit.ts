import { type Remote, shellQuoted } from './clone-config.ts'
import { type From, silenceMsMost, talkTo } from './git.ts'
import { flush, type Packet, packetsIn } from './pkt-line.ts'
import type { Visit } from './receive-pack.ts'

/** How to visit the remote's `git receive-pack`; undefined where only `git push` knows the way. */
export function visitsTo(remote: Remote, from: From): (() => Visit) | undefined {
  const { url } = remote
  if (/^https?:/i.test(url)) {
    // fetch knows neither the proxies nor the certificates that git is told of.
    const isGits = /^https:/i.test(url) && ownWays.some((name) => from.environment[name])
    return isGits ? undefined : () => httpVisit(remote, from)
  }
  const command = overSsh(url, from.ssh) ?? local(url.replace(/^file:\/\//i, ''))
  return command && (() => programVisit(command, from))
}

const ownWays = ['https_proxy', 'HTTPS_PROXY', 'GIT_SSL_CAINFO', 'SSL_CERT_FILE', 'SSL_CERT_DIR']

type Command = readonly ['git' | 'sh', ...string[]]

/** Only whole paths without escapes: for others git has rules of its own. */
const local = (path: string): Command | undefined =>
  /^\/[^%]*$/.test(path) ? ['git', 'receive-pack', path] : undefined

/** For `ssh://[user@]host[:port]/path` and `[user@]host:path`; the patterns leave nothing to quote but the path. */
function overSsh(url: string, ssh: string | null | undefined): Command | undefined {
  const named = /^ssh:\/\/([\w.@-]+)(?::(\d+))?(\/[^%]*)$/i.exec(url)
  const [, host, port, path = ''] = named ?? /^([\w.@-]+):()(?!:|\/\/)(.+)$/.exec(url) ?? []
  if (host === undefined || host.startsWith('-')) return undefined
  const there = shellQuoted(`git-receive-pack ${shellQuoted(path.replace(/^\/~/, '~'))}`)
  return ['sh', '-c', `exec ${ssh ?? 'ssh'}${port ? ` -p ${port}` : ''} -- ${host} ${there}`]
}

function programVisit(command: Command, from: From): Visit {
  const talk = talkTo(command, from)
  const packets = packetsIn(talk.output)
  let isPushing = false
  return {
    advertised: packets,
    send(request) {
      isPushing = true
      for (const part of request) talk.input.write(part)
      talk.input.end()
      return packets
    },
    end() {
      if (!isPushing) talk.input.end(flush)
      // The host's hooks may still speak, and would be ended by a pipe that nobody reads.
      void drain(packets)
    },
  }
}

async function drain(packets: AsyncIterator<Packet, undefined>): Promise<void> {
  try {
    while (!(await packets.next()).done);
  } catch {
    // What it was all about has been reported.
  }
}

function httpVisit({ url, token }: Remote, from: From): Visit {
  const base = url.replace(/\/+$/, '')
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
  const headers = {
    // Some hosts speak this protocol with git only.
    'user-agent': 'git/2 (gimletd)',
    ...(token ? { authorization: `Basic ${basic}` } : {}),
  }
  async function* ask(path: string, init: RequestInit, kind: string) {
    const signal = AbortSignal.timeout(from.silenceMs ?? silenceMsMost)
    const response = await fetch(base + path, { ...init, redirect: 'error', signal })
    const isGit = response.headers.get('content-type') === `application/x-git-receive-pack-${kind}`
    if (response.ok && isGit && response.body) return yield* packetsIn(response.body)
    await response.body?.cancel()
    throw new Error(`the git host answered ${response.status}`)
  }
  const advertised = ask('/info/refs?service=git-receive-pack', { headers }, 'advertisement')
  async function* answerTo(request: readonly Uint8Array[]) {
    // Read to its end, the connection is free for the second request.
    await drain(advertised)
    const type = { 'content-type': 'application/x-git-receive-pack-request' }
    const init = { method: 'POST', body: Buffer.concat(request), headers: { ...headers, ...type } }
    return yield* ask('/git-receive-pack', init, 'result')
  }
  let open: AsyncIterator<Packet, undefined> = advertised
  return {
    advertised: withoutPreface(advertised),
    send(request) {
      open = answerTo(request)
      return open
    },
    end: () => void drain(open),
  }
}

/** Over HTTP the name of the service stands before the branches, as a section of its own. */
async function* withoutPreface(packets: AsyncGenerator<Packet, undefined>) {
  const [service, end] = [await packets.next(), await packets.next()]
  const isService = service.value?.toString('utf8').trimEnd() === '# service=git-receive-pack'
  if (!isService || end.value !== 'flush') throw new Error('the git host named another service')
  return yield* packets
}
