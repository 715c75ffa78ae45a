import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const readyMs = 20_000
const adminToken = 'bench-administrator-token'
const started = new Set()
const folders = []
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A folder on the disk that goes away with the process. */
export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), 'gimletd-bench-'))
  folders.push(folder)
  return folder
}

/** Writes texts by path below a folder. */
export function lay(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

/** Starts a server of this folder's sources as a process and waits for its line "listening". */
export async function startChild(script, { env = {}, cwd } = {}) {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const flags = process.env.BENCH_NODE_FLAGS?.split(' ') ?? []
  const child = spawn(process.execPath, [...flags, path], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, PORT: '0', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.add(child)
  const exited = new Promise((done) => {
    child.once('close', () => done(started.delete(child)))
  })
  const { url, pid } = await readyLine(child)
  const { port } = new URL(url)
  const end = async (signal) => {
    child.kill(signal)
    await exited
  }
  const kill = () => end('SIGKILL')
  return { pid, port: Number(port), url: `http://127.0.0.1:${port}`, kill, end }
}

function readyLine(child) {
  return new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error('no line "listening" in time')), readyMs)
    let text = ''
    child.once('close', (code) => failed(new Error(`the server ended with ${code}: ${text}`)))
    child.stdout.on('data', (chunk) => {
      text += chunk
      const line = text.split('\n').find((one) => one.includes('"listening"'))
      if (!line?.endsWith('}')) return
      clearTimeout(late)
      // What is logged from now on is nobody's to read.
      child.stdout.removeAllListeners('data').resume()
      done(JSON.parse(line))
    })
  })
}

/** Starts the real server on a data folder, with a CI user's token to post with. */
export async function startGimletd(dataDir, env = {}) {
  const started = await startChild('../dist/main.js', {
    cwd: dataDir,
    env: { GIMLET_DATA_DIR: dataDir, GIMLET_ADMIN_TOKEN: adminToken, LOG_LEVEL: 'info', ...env },
  })
  const server = { ...started, call: (path, options) => call(started.url, path, options) }
  const login = `ci-${Date.now()}`
  const { token } = await server.call('/api/user', { body: { login, roles: ['ci'] } })
  return { ...server, token }
}

/** Calls the API as the administrator and answers the JSON. */
async function call(url, path, { body } = {}) {
  const response = await fetch(url + path, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: body ? JSON.stringify(body) : undefined,
    signal: AbortSignal.timeout(readyMs),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.json()
}
