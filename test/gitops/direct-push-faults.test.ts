import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { packet } from '../../src/gitops/pkt-line.ts'
import { httpWay, put, withProgram, writerBy } from '../support/direct.ts'
import { backend, gitHost, type Interfere } from '../support/git-host.ts'
import { type TempGitops, tempGitops } from '../support/temp.ts'

const isOurs = (agent = '') => agent.includes('gimletd')

/** Interferes with one kind of request of ours, and with nothing that git asks. */
const onlyOurs =
  (method: string, interfere: Interfere): Interfere =>
  (exchange) =>
    exchange.request.method === method && isOurs(exchange.request.headers['user-agent'])
      ? interfere(exchange)
      : false

const throughHttp = async (gitops: TempGitops, interfere: Interfere, silenceMs?: number) => {
  const { remote, asked } = await httpWay(gitops, interfere)
  const wrote = await writerBy(gitops, { remote, ...(silenceMs ? { silenceMs } : {}) })
  return { ...wrote, asked }
}

/** A git whose receive-pack is this script, and everything else is git. */
const throughScript = async (gitops: TempGitops, script: string, silenceMs = 20_000) => {
  const shell = `if [ "$1" = receive-pack ]; then\n${script}\nfi\nexec $real "$@"\n`
  return writerBy(gitops, { environment: await withProgram(gitops, 'git', shell), silenceMs })
}

describe('F7: an answer that is lost after the pack was received', () => {
  test('over HTTP is looked up: landed, once', async () => {
    const gitops = await tempGitops()
    const lose: Interfere = async ({ request, response }) => {
      await backend(gitops.folder, { request, response: deafTo(response) })
      response.destroy()
      return true
    }
    const { direct, commit } = await throughHttp(gitops, onlyOurs('POST', lose))
    expect((await commit(put('one'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['unknown'])
    expect(await gitops.log()).toHaveLength(2)
  })

  test('by path is looked up: landed, once', async () => {
    const gitops = await tempGitops()
    const script = 'shift; $real receive-pack "$@" | head -c 300; exit 1'
    const { direct, commit } = await throughScript(gitops, script)
    expect((await commit(put('one'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['unknown'])
    expect(await gitops.log()).toHaveLength(2)
  })
})

/** Takes an answer and sends nothing of it. */
const deafTo = (response: ServerResponse) =>
  new Proxy(response, {
    get: (target, name) => (name === 'end' || name === 'setHeader' ? () => undefined : Reflect.get(target, name)), // biome-ignore format: one line
    set: () => true,
  })

describe('a connection that is cut while the pack is sent', () => {
  const big = put(Array.from({ length: 100_000 }, (_, at) => (at * 7919) % 99_991).join(' '))

  test('over HTTP: nothing has landed, and git push does it', async () => {
    const gitops = await tempGitops()
    const cut: Interfere = ({ request }) => {
      request.once('data', () => request.socket.destroy())
      return true
    }
    const { direct, commit } = await throughHttp(gitops, onlyOurs('POST', cut))
    expect((await commit(big)).kind).toBe('landed')
    expect(direct.kinds).toEqual(['unknown'])
    expect(await gitops.log()).toHaveLength(2)
  })

  test('by path: nothing has landed, and git push does it', async () => {
    const gitops = await tempGitops()
    const marker = `${gitops.folder}/cut`
    const script = `if [ ! -e ${marker} ]; then touch ${marker}; shift; head -c 1000 | $real receive-pack "$@"; exit 1; fi`
    const { direct, commit } = await throughScript(gitops, script)
    expect((await commit(big)).kind).toBe('landed')
    expect(direct.kinds).not.toContain('landed')
    expect(await gitops.log()).toHaveLength(2)
  })
})

test('F8: a branch that moves between what was advertised and the command is moved, and nobody’s commit is lost', async () => {
  const gitops = await tempGitops()
  const first: Interfere = async () => {
    await gitops.someoneCommits({ 'README.md': 'hello' }, 'theirs')
    return false
  }
  const { direct, commit } = await throughHttp(gitops, onlyOurs('POST', first))
  expect(await commit(put('one'))).toEqual({ kind: 'moved' })
  expect(direct.kinds).toEqual(['refused'])
  expect(await gitops.log()).toEqual(['theirs', 'The GitOps repository begins'])
})

describe('F11: a host that hangs', () => {
  test.each(['GET', 'POST'])('at the %s is left, and git push does it', async (method) => {
    const gitops = await tempGitops()
    const { direct, commit } = await throughHttp(
      gitops,
      onlyOurs(method, () => true),
      500,
    )
    expect((await commit(put('one'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['unknown'])
    expect(await gitops.log()).toHaveLength(2)
  })

  test('as a program is ended with all that it started', async () => {
    const gitops = await tempGitops()
    const pids = `${gitops.folder}/pids`
    const marker = `${gitops.folder}/hung`
    const script = `if [ ! -e ${marker} ]; then touch ${marker}; sleep 600 & echo $! >${pids}; wait; fi`
    const { direct, commit } = await throughScript(gitops, script, 3_000)
    expect((await commit(put('one'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['unknown'])
    const pid = (await readFile(pids, 'utf8')).trim()
    await expect.poll(() => stateOf(pid)).toMatch(/^Z?$/)
  })
})

/** A program's state in a letter: none when it has ended, or Z when only nobody has taken note. */
const stateOf = (pid: string) =>
  promisify(execFile)('ps', ['-o', 'stat=', '-p', pid]).then(
    ({ stdout }) => stdout.slice(0, 1),
    () => '',
  )

const zeros = '0'.repeat(40)
const service = `${packet('# service=git-receive-pack\n')}0000`
const answering =
  ({ type, body }: { type: string; body: string }): Interfere =>
  ({ response }) => {
    response.setHeader('content-type', type).end(body)
    return true
  }

describe('what is no advertisement of receive-pack', () => {
  const type = 'application/x-git-receive-pack-advertisement'
  test.each([
    { name: 'a page to log in', type: 'text/html', body: '<html>Sign in</html>' },
    { name: 'a page that says it is one', type, body: '<html>Sign in</html>' },
    { name: 'nothing', type, body: '' },
    { name: 'another service', type, body: `${packet('# service=git-upload-pack\n')}0000` },
    {
      name: 'another version of the protocol',
      type,
      body: `${service}${packet('version 1\n')}0000`,
    },
    { name: 'one that is cut', type, body: service },
    { name: 'one that is cut in a packet', type, body: `${service}00ff${zeros}` },
    { name: 'bytes', type, body: 'ÿþ\0\u0001' },
  ])('$name: left to git push', async (page) => {
    const gitops = await tempGitops()
    const { direct, commit } = await throughHttp(gitops, onlyOurs('GET', answering(page)))
    expect((await commit(put('one'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['unknown'])
    expect(await gitops.log()).toHaveLength(2)
  })

  test('three times in a row: not asked again', async () => {
    const gitops = await tempGitops()
    const page = { type, body: 'Sign in' }
    const { commit, asked } = await throughHttp(gitops, onlyOurs('GET', answering(page)))
    for (let at = 0; at < 5; at++) expect((await commit(put(`${at}`))).kind).toBe('landed')
    expect(asked.filter(({ agent }) => isOurs(agent))).toHaveLength(3)
    expect(await gitops.log()).toHaveLength(6)
  })

  test.each([
    { name: 'without a report', offers: 'side-band-64k ofs-delta' },
    { name: 'without bands', offers: 'report-status ofs-delta' },
    {
      name: 'with other ids',
      offers: 'report-status side-band-64k ofs-delta object-format=sha256',
    },
  ])('a host $name gets nothing sent', async ({ offers }) => {
    const gitops = await tempGitops()
    const line = `${await gitops.tipOfRemote()} refs/heads/main\0${offers}\n`
    const poor = answering({ type, body: `${service}${packet(line)}0000` })
    const { direct, commit, asked } = await throughHttp(gitops, onlyOurs('GET', poor))
    expect((await commit(put('one'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['unknown'])
    expect(asked.filter(({ agent, path }) => isOurs(agent) && path.startsWith('POST'))).toEqual([])
  })
})

describe('A15/A28: the token', () => {
  test('that is wrong is a fault, and stands in no error', async () => {
    const gitops = await tempGitops()
    let isWrong = false
    const guard: Interfere = ({ response }) => {
      if (isWrong) response.writeHead(401, { 'www-authenticate': 'Basic' }).end('who are you')
      return isWrong
    }
    const { direct, commit, writer } = await throughHttp(gitops, guard)
    await writer.tip()
    isWrong = true
    const fault: unknown = await commit(put('one')).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'gitops_forbidden' })
    const told = [String(fault), String((fault as Error).cause), JSON.stringify(direct.results)]
    const basic = Buffer.from('x-access-token:canary-token').toString('base64')
    for (const one of told) expect(one).not.toMatch(new RegExp(`canary-token|${basic}`))
    isWrong = false
    expect((await commit(put('one'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['unknown', 'landed'])
  })

  test('is for its host, and follows no redirect to another', async () => {
    const gitops = await tempGitops()
    const other = await gitHost(gitops.folder)
    const away: Interfere = ({ request, response }) => {
      response.writeHead(302, { location: `${other.url}${request.url}` }).end()
      return true
    }
    const { direct, commit, asked } = await throughHttp(gitops, onlyOurs('GET', away))
    expect((await commit(put('one'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['unknown'])
    expect(other.asked).toEqual([])
    expect(asked[0]?.authorization).toMatch(/^Basic /)
  })
})
