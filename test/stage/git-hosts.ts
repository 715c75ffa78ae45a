import { join } from 'node:path'
import { type Exchange, gitHost } from '../support/git-host.ts'
import { isWithoutSshd, sshHost } from '../support/ssh-host.ts'
import { type Later, someonesGit } from '../support/temp.ts'
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts'

/** Bare repositories that a host serves, and what people do to them behind the server's back. */
export type StagedRepository = Awaited<ReturnType<typeof bareRepository>>

/** What a hook of the host says no with. */
const refusing = (words: string) => `#!/bin/sh\ncat >/dev/null\necho "${words}" >&2\nexit 1\n`

/** A bare repository with one commit of somebody's. */
export async function bareRepository(folder: string, name: string) {
  const path = join(folder, `${name}.git`)
  await someonesGit(folder, 'init', '--quiet', '--bare', '--initial-branch=main', path)
  await someonesGit(path, 'config', 'http.receivepack', 'true')
  const git = async (...args: readonly string[]) => (await someonesGit(path, ...args)).trim()
  const tree = await git('hash-object', '-t', 'tree', '-w', '/dev/null')
  const first = await git('commit-tree', '-m', 'by hand', tree)
  await git('update-ref', 'refs/heads/main', first)
  return {
    ...{ path, git, name, first },
    tip: () => git('rev-parse', 'main'),
    /** What was released, oldest first: `env/app artifact`. */
    async released(): Promise<string[]> {
      const said = await git('log', '--first-parent', '--reverse', '--format=%s', 'main')
      return said.split('\n').flatMap((line) => {
        const [, what, artifact] = /^\[Gimlet\] (\S+) release (\S+)/.exec(line) ?? []
        return what ? [`${what} ${artifact}`] : []
      })
    },
    /** Forces the branch back, as far as a person wants. */
    rewind: (to: string) => git('update-ref', 'refs/heads/main', to),
    deleteBranch: () => git('update-ref', '-d', 'refs/heads/main'),
  }
}

/** Answers that a host gives instead of its own; `undefined` hands the request to git. */
export type HttpMood = (request: { readonly path: string; readonly method: string }) => HttpAnswer

export type HttpAnswer =
  | { readonly status: number; readonly body?: string; readonly challenge?: boolean }
  | undefined

/** A git host over HTTP behind a network that breaks: `network` for the bytes, `says` for the answers. */
export async function stagedGitHost(folder: string, later: Later) {
  let mood: HttpMood = () => undefined
  const interfere = ({ request, response }: Exchange) => {
    const answer = mood({ path: request.url ?? '', method: request.method ?? '' })
    if (!answer) return false
    if (answer.challenge) response.setHeader('www-authenticate', 'Basic realm="git"')
    response.writeHead(answer.status).end(answer.body ?? '')
    return true
  }
  const { url, asked } = await gitHost(folder, interfere)
  const network = await tcpProxy({ port: Number(new URL(url).port) }, later)
  return {
    ...{ network, asked, ...moves(network) },
    url: ({ name }: { name: string }) => `http://127.0.0.1:${network.port}/${name}.git`,
    /** Who we are is refused: with 401 or 403. */
    forbid: (status: 401 | 403) => {
      mood = () => ({ status, challenge: status === 401 })
    },
    /** Everything is answered with a number of 500 and more. */
    fail: (status: number) => {
      mood = () => ({ status, body: '<html>not now</html>' })
    },
    says(next: HttpMood) {
      mood = next
    },
    async heal() {
      mood = () => undefined
      await network.heal()
    },
  }
}

/** A git host over ssh behind the same network; skip the test when `isWithoutSshd`. */
export async function stagedSshHost(folder: string, later: Later) {
  const host = await sshHost(folder)
  const network = await tcpProxy({ port: host.port }, later)
  return {
    ...{ network, asked: host.asked, keyFile: host.keyFile, ...moves(network) },
    url: ({ path }: { path: string }) =>
      host.url(path).replace(`:${host.port}/`, `:${network.port}/`),
    heal: () => network.heal(),
  }
}

export { isWithoutSshd, refusing }

/** The words that tests know the moods of a network by. */
const moves = (network: TcpProxy) => ({
  /** It takes connections and never answers. */
  hang: () => network.all('hang'),
  /** Nobody listens. */
  stop: () => network.refuse(),
  /** Pushes arrive, and their answers do not. */
  forget: (...times: readonly unknown[]) =>
    network.next(...times.map(() => 'drop answer' as const)),
})
