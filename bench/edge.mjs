import { startChild } from './child.mjs'
import { isStrict, median, ms, printTable } from './figures.mjs'
import { printTargets, target } from './targets.mjs'

/** A call of GitHub's API takes about so long from a data centre. */
const callMs = 60
const rounds = 7
const at = { owner: 'acme', repo: 'gitops', branch: 'main' }

/** Measures what a release costs by GitHub's API: ours beside the naive way, a call for each file. */
export async function edge() {
  const github = await startChild('./github-stand-in.mjs', { env: { CALL_MS: String(callMs) } })
  console.log(`edge: GitHub answers each call after ${callMs} ms; a release has three files\n`)
  const ways = [await ours(github), await naive(github)]
  const figures = []
  for (const size of [1, 20])
    for (const { name, write } of ways)
      figures.push({ name, size, ...(await measured(github, (round) => write(size, round))) })
  await github.kill()
  printTable([
    ['releases', 'way', 'calls', 'calls each', 'p50', 'commits each'],
    ...figures.map(({ name, size, calls, tookMs }) => [
      ...[String(size), name, String(calls), (calls / size).toFixed(1), ms(tookMs)],
      name === 'ours' ? '1' : '3',
    ]),
  ])
  console.log('')
  return printTargets(targetsOf(figures)) || !isStrict
}

function targetsOf(figures) {
  const [one, oneNaive, many, manyNaive] = figures
  return [
    target({
      id: 'E1',
      what: 'calls of a release on our own last commit',
      value: one.calls,
      atMost: 4,
    }),
    target({ id: 'E2', what: 'calls of a batch of 20', value: many.calls, atMost: 61 }),
    target({
      id: 'E3',
      what: 'time of a release ÷ the naive way',
      value: one.tookMs / oneNaive.tookMs,
      atMost: 0.75,
    }),
    target({
      id: 'E4',
      what: 'time of 20 ÷ the naive way',
      value: many.tookMs / manyNaive.tookMs,
      atMost: 0.6,
    }),
  ]
}

async function measured({ url }, write) {
  const callsOf = async () => (await (await fetch(`${url}/bench/calls`)).json()).calls
  // The first one also asks what is asked once in a process.
  await write(0)
  const taken = []
  const before = await callsOf()
  for (let round = 1; round <= rounds; round++) {
    const began = performance.now()
    await write(round)
    taken.push(performance.now() - began)
  }
  return { calls: ((await callsOf()) - before) / rounds, tookMs: median(taken) }
}

/** The writer of `dist/`, with a clock by which each round is in another hour. */
async function ours({ url }) {
  const call = await callTo(url)
  const { GithubWriter } = await import('../dist/gitops/github.js')
  const { PacedGithub } = await import('../dist/gitops/github-pace.js')
  let hours = 0
  const github = new PacedGithub(call, { nowMs: () => hours * 3_600_000 })
  const seen = { tip: undefined, halt: null, sees: () => undefined, loses: (lost) => lost }
  const log = { warn: console.error }
  const writer = new GithubWriter(
    { github, memory: seen, log },
    { ...at, url: `${url}/acme/gitops`, author: null },
  )
  const write = async (size, round) => {
    hours++
    const commits = releases(size, round).map(({ folder, files, message }) => ({
      change: { kind: 'replace', folder, files: new Map(Object.entries(files)) },
      message,
      unix: 1_700_000_000 + round,
    }))
    const tip = round === 0 ? await writer.refresh() : await writer.tip()
    const result = await writer.commit(tip, commits, async () => true)
    if (result.kind !== 'landed') throw new Error(result.kind)
  }
  return { name: 'ours', write }
}

/** The contents API: each file is asked for its id, and put in a commit of its own. */
async function naive({ url }) {
  const call = await callTo(url)
  const route = '/repos/{owner}/{repo}/contents/{path}'
  const { branch, ...repository } = at
  const put = async (path, text, message) => {
    const old = await call(`GET ${route}`, { ...repository, path, ref: branch })
    const sha = old.kind === 'ok' ? { sha: old.data.sha } : {}
    const content = Buffer.from(text).toString('base64')
    const made = await call(`PUT ${route}`, {
      ...repository,
      path,
      message,
      content,
      branch,
      ...sha,
    })
    if (made.kind !== 'ok') throw new Error(JSON.stringify(made))
  }
  const write = async (size, round) => {
    for (const { folder, files, message } of releases(size, round))
      for (const [name, text] of Object.entries(files))
        await put(`${folder}/${name}`, text, message)
  }
  return { name: 'contents API', write }
}

async function callTo(url) {
  const { githubCallOf } = await import('../dist/ingress/github/repository-call.js')
  return githubCallOf({ kind: 'token', token: 'a-token' }, { ...at, baseUrl: `${url}/api/v3` })
}

const releases = (size, round) =>
  Array.from({ length: size }, (_, app) => ({
    folder: `production/app-${app}`,
    files: {
      'deployment.yaml': `kind: Deployment\nmetadata:\n  name: app-${app}\n# ${round}\n${'# replicas\n'.repeat(60)}`,
      'service.yaml': `kind: Service\nmetadata:\n  name: app-${app}\n# ${round}\n`,
      'release.json': JSON.stringify({ app: `app-${app}`, env: 'production', id: `r-${round}` }),
    },
    message: `[Gimlet] production/app-${app} release web-${round}\n`,
  }))
