import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lay, scratch } from './child.mjs'
import { isStrict, median, ms, printTable, quantile, verdict } from './figures.mjs'

const envs = ['development', 'staging', 'production', 'preview', 'canary']
const appsInEnv = Number(process.env.APPS ?? 5_000)
const moreReleases = Number(process.env.RELEASES ?? 1_000_000)
const samples = 50
const most = { reindexMs: 15_000, rssMb: 300, statusMs: 20, historyMs: 2 }

const appOf = (number) => `app-${String(number).padStart(4, '0')}`
const shaOf = (number) => number.toString(16).padStart(40, '0')

/**
 * Measures the read side: the index made of a whole history, what runs in an environment, and the
 * history of one app among very many releases.
 */
export async function index() {
  const folder = scratch()
  const remote = join(folder, 'gitops.git')
  const commits = await makeHistory(remote)
  console.log(`index: ${commits} releases of ${appsInEnv} apps in ${envs.length} environments\n`)
  const url = `file:${join(folder, 'gimlet.db')}`
  const made = await reindexed(folder, { GITOPS_REPO: remote, GIMLET_DB_URL: url })
  const read = await readSide(url)
  const rows = [
    ['reindex', ms(made.took), `${most.reindexMs} ms`, made.took <= most.reindexMs],
    ['reindex, memory', `${made.rssMb} MB`, `${most.rssMb} MB`, made.rssMb <= most.rssMb],
    ...read,
  ]
  printTable([
    ['what', 'p50', 'p95', 'target', ''],
    ...rows.map(([what, figure, target, isMet, p95 = '']) => [what, figure, p95, target, verdict(isMet)]), // biome-ignore format: one row
  ])
  return !isStrict || rows.every((row) => row[3])
}

/** A history of one release a commit, as this server writes them. */
async function makeHistory(remote) {
  mkdirSync(remote)
  await git(remote, ['init', '--quiet', '--bare', '--initial-branch=main'])
  const child = spawn('git', ['fast-import', '--quiet'], { cwd: remote, stdio: ['pipe', 'inherit', 'inherit'] }) // biome-ignore format: one call
  let commits = 0
  for (let at = 0; at < appsInEnv; at++)
    for (const env of envs) {
      const text = commitOf({ app: appOf(at), env, number: ++commits })
      if (!child.stdin.write(text)) await once(child.stdin, 'drain')
    }
  child.stdin.end()
  await once(child, 'close')
  return commits
}

function commitOf({ app, env, number }) {
  const version = { repositoryName: `acme/${app}`, sha: shaOf(number), created: number, branch: 'main', event: 'push', message: 'x'.repeat(300) } // biome-ignore format: one value
  const release = { app, env, id: `r-${number}`, artifactId: `${app}-${number}`, triggeredBy: 'alice', version, decisionId: `d-${number}`, policyVersion: 'v1', created: 1_700_000_000 + number } // biome-ignore format: one value
  const files = {
    'configmap.yaml': `kind: ConfigMap\nmetadata:\n  name: ${app}\n`,
    'deployment.yaml': `kind: Deployment\nmetadata:\n  name: ${app}\n${'# replicas\n'.repeat(60)}`,
    'service.yaml': `kind: Service\nmetadata:\n  name: ${app}\n`,
    'release.json': JSON.stringify(release, null, 2),
  }
  const data = (text) => `data ${Buffer.byteLength(text)}\n${text}\n`
  const inline = Object.entries(files).map(([name, text]) => `M 100644 inline ${env}/${app}/${name}\n${data(text)}`) // biome-ignore format: one call
  const who = `Gimlet <gimlet@localhost> ${1_700_000_000 + number} +0000`
  return `commit refs/heads/main\nauthor ${who}\ncommitter ${who}\n${data(`[Gimlet] ${env}/${app} release ${app}-${number}`)}${inline.join('')}\n`
}

/** Runs `gimlet reindex` as a process. */
async function reindexed(folder, env) {
  const program = fileURLToPath(new URL('../dist/cli/gimlet.js', import.meta.url))
  lay(folder, { 'data/.keep': '' })
  const began = performance.now()
  const child = spawn(process.execPath, [program, 'reindex'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let told = ''
  child.stderr.on('data', (chunk) => {
    told = String(chunk)
  })
  let rssMb = 0
  const look = setInterval(() => {
    const [, kb = '0'] = /VmHWM:\s+(\d+)/.exec(statusOf(child.pid)) ?? []
    rssMb = Math.max(rssMb, Math.round(Number(kb) / 1024))
  }, 100)
  const [code] = await once(child, 'close')
  clearInterval(look)
  if (code !== 0) throw new Error(`gimlet reindex ended with ${code}: ${told}`)
  return { took: performance.now() - began, rssMb }
}

function statusOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

async function readSide(url) {
  const { openDatabase } = await import('../dist/store/client.js')
  const { ReleaseStore } = await import('../dist/store/releases.js')
  const database = await openDatabase(url)
  const releases = new ReleaseStore(database)
  const where = { env: 'production' }
  const atUnix = 1_700_000_000 + (appsInEnv * envs.length) / 2
  const rows = [
    await measured(`status of ${appsInEnv} apps`, () => releases.running(where), most.statusMs),
    await measured('the same at a time', () => releases.ranAt({ ...where, atUnix }), 10 * most.statusMs), // biome-ignore format: one call
  ]
  await database.write([
    `with recursive n (at) as (select 1 union all select at + 1 from n where at < ${moreReleases})
     insert into releases (id, env, app, artifact_id, triggered_by, version, gitops_ref, gitops_repo,
       created, decision_id, policy_version)
     select 'm-' || at, 'production', printf('app-%04d', at % 5000), 'web-' || at, 'alice',
       '{"repositoryName":"acme/web","message":"more"}', printf('%040x', at), '', 1800000000 + at, '', ''
     from n`,
  ])
  const one = { env: 'production', app: appOf(7), limit: 50 }
  rows.push(
    await measured(
      'history of one app among 1,000,000',
      () => releases.history(one),
      most.historyMs,
    ),
    await measured('newest 50 of an environment', () => releases.history({ env: 'production', limit: 50 }), most.historyMs), // biome-ignore format: one call
    await measured('one app at a time', () => releases.ranAt({ env: 'production', app: appOf(7), atUnix: 1_800_500_000 }), most.historyMs), // biome-ignore format: one call
  )
  database.close()
  return rows
}

async function measured(what, query, mostMs) {
  const taken = []
  for (let at = 0; at < samples; at++) {
    const began = performance.now()
    await query()
    taken.push(performance.now() - began)
  }
  const middle = median(taken)
  return [what, ms(middle), `${mostMs} ms`, middle <= mostMs, ms(quantile(taken, 0.95))]
}

async function git(folder, args) {
  const child = spawn('git', args, { cwd: folder, stdio: 'inherit' })
  await once(child, 'close')
}
