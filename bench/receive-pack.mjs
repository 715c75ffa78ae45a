import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { git } from './git.mjs'

/**
 * The least that a push to a stock git server can cost: the objects are made here, from trees that
 * are kept in memory, and told to `git receive-pack` in its own words. A figure to compare with, not
 * a writer: it replaces folders that are there already, and knows nothing of races.
 */
export async function openDirect({ remote, size }) {
  let tip = await git(remote, ['rev-parse', 'main'])
  const root = await readTree(remote, tip)
  const envs = new Map()
  for (const name of root.names) envs.set(name, await readTree(remote, `${tip}:${name}`))
  return {
    async release(commits) {
      const startedAt = performance.now()
      const objects = []
      const add = (kind, body) => {
        const head = `${kind} ${body.length}\0`
        objects.push({ kind, body })
        return createHash('sha1').update(head).update(body).digest()
      }
      const old = tip
      for (const commit of commits) tip = addCommit(add, { commit, tip, root, envs })
      const pack = packOf(objects)
      const builtAt = performance.now()
      await send(remote, { old, tip, pack })
      const endedAt = performance.now()
      return { ms: endedAt - startedAt, buildMs: builtAt - startedAt, pushMs: endedAt - builtAt }
    },
    size,
  }
}

/** A tree as its bytes, with the place of each entry's id. */
async function readTree(remote, name) {
  const lines = (await git(remote, ['ls-tree', '-z', name])).split('\0').filter(Boolean)
  const places = new Map()
  const parts = []
  let length = 0
  for (const line of lines) {
    const [meta, path] = line.split('\t')
    const [mode, , id] = meta.split(' ')
    const head = Buffer.from(`${mode.replace(/^0/, '')} ${path}\0`)
    places.set(path, length + head.length)
    parts.push(head, Buffer.from(id, 'hex'))
    length += head.length + 20
  }
  const body = Buffer.concat(parts)
  return { body, names: [...places.keys()], put: (path, id) => id.copy(body, places.get(path)) }
}

function addCommit(add, { commit, tip, root, envs }) {
  const { change, message, unix } = commit
  const [env, app] = change.folder.split('/')
  const files = [...change.files].sort(([a], [b]) => (a < b ? -1 : 1))
  const entries = files.flatMap(([name, text]) => [
    Buffer.from(`100644 ${name}\0`),
    add('blob', Buffer.from(text)),
  ])
  const envTree = envs.get(env)
  envTree.put(app, add('tree', Buffer.concat(entries)))
  root.put(env, add('tree', Buffer.from(envTree.body)))
  const tree = add('tree', Buffer.from(root.body)).toString('hex')
  const who = `bench <bench@example.com> ${unix} +0000`
  const head = `tree ${tree}\nparent ${tip}\nauthor ${who}\ncommitter ${who}\n\n`
  return add('commit', Buffer.from(head + message)).toString('hex')
}

const kinds = { commit: 1, tree: 2, blob: 3 }

function packOf(objects) {
  const head = Buffer.alloc(12)
  head.write('PACK')
  head.writeUInt32BE(2, 4)
  head.writeUInt32BE(objects.length, 8)
  const parts = [head]
  for (const { kind, body } of objects) {
    const bytes = []
    let size = body.length
    let byte = (kinds[kind] << 4) | (size & 15)
    for (size >>>= 4; size > 0; size >>>= 7) {
      bytes.push(byte | 128)
      byte = size & 127
    }
    parts.push(Buffer.from([...bytes, byte]), deflateSync(body, { level: 1 }))
  }
  const pack = Buffer.concat(parts)
  return Buffer.concat([pack, createHash('sha1').update(pack).digest()])
}

/** Waits for what receive-pack says first, sends, and waits until it has ended. */
async function send(remote, { old, tip, pack }) {
  const child = spawn('git', ['receive-pack', remote], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let said = ''
  const ended = new Promise((done) => child.once('close', done))
  child.stdout.on('data', (chunk) => {
    const isFirst = !said.includes('\n0000')
    said += chunk.toString('latin1')
    if (!isFirst || !said.includes('\n0000')) return
    const line = `${old} ${tip} refs/heads/main\0report-status\n`
    child.stdin.write(`${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`)
    child.stdin.end(pack)
  })
  await ended
  if (!said.includes('unpack ok') || !said.includes('ok refs/heads/main'))
    throw new Error(`receive-pack said ${said.slice(-200)}`)
}
