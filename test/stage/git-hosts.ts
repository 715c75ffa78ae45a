import { join } from 'node:path'
import { type Exchange, gitHost } from '../support/git-host.ts'
import { sshHost } from '../support/ssh-host.ts'
import { type Later, someonesGit } from '../support/temp.ts'
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts'

/** Bare repositories that a host serves, and what people do to them behind the server's back. */
export type StagedRepository = Awaited<ReturnType<typeof bareRepository>>

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
  }
}

/** What a host answers instead of what git would. */
type HttpAnswer = { readonly status: number; readonly body?: string; readonly challenge?: boolean }

/** A git host over HTTP behind a network that breaks: `network` for the bytes, `says` for the answers. */
export async function stagedGitHost(folder: string, later: Later) {
  let answer: HttpAnswer | undefined
  const interfere = ({ response }: Exchange) => {
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
      answer = { status, challenge: status === 401 }
    },
    /** Everything is answered with a number of 500 and more. */
    fail: (status: number) => {
      answer = { status, body: '<html>not now</html>' }
    },
    async heal() {
      answer = undefined
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
