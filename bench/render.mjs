import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { loadManifests } from '../dist/manifest/manifest-set.js'
import { rendered } from '../dist/manifest/rendered.js'
import { variablesOf } from '../dist/manifest/variables.js'
import { isStrict, median, ms, perSecond, printTable, ratio, verdict } from './figures.mjs'

const rounds = 9
const roundMs = 300
const programRuns = 15
const memoryRenders = 100_000
/** What the heap may grow by over them, in MiB. */
const growthMibMost = 8
/** Ours beside reading what comes out with `yaml`: each of what is read, patched and proved is read once at least. */
const ofParsingLeast = 0.1

const fixtures = fileURLToPath(new URL('../test/fixtures/render/', import.meta.url))
const programs = fileURLToPath(
  new URL('../node_modules/.cache/kubernetes-programs/', import.meta.url),
)
const posted = JSON.parse(readFileSync(join(fixtures, 'artifact.json'), 'utf8'))

/** The artifact of one release: each has another tag, so that nothing is answered from before. */
function artifactOf(number) {
  const [image] = posted.items
  const version = {
    tag: '',
    sourceBranch: '',
    targetBranch: '',
    url: '',
    created: 0,
    ...posted.version,
  }
  const tag = `v${number}`
  return { ...posted, created: 0, version, environments: [], items: [{ ...image, tag }] }
}

function filesBelow(folder) {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]))
}

const noCharts = () => Promise.reject(new Error('no helm in this bench'))

/** One way of rendering, out of the golden folders. */
function subjectOf(name) {
  const set = loadManifests({ version: name, files: filesBelow(join(fixtures, name, 'manifests')) })
  const [manifest] = set.manifests
  if (!manifest) throw new Error(JSON.stringify(set.problems))
  let count = 0
  const run = async () => {
    const variables = variablesOf(artifactOf(count++), { ...manifest, actor: 'bench' })
    const made = await rendered(manifest, variables, noCharts)
    if (!made.files) throw new Error(made.message)
    return made.files
  }
  return { name, run }
}

async function rateOf(run) {
  const end = performance.now() + roundMs
  let count = 0
  while (performance.now() < end) for (let at = 0; at < 5; at++, count++) await run()
  return (count * 1000) / roundMs
}

/** How long a program takes for the same, with its start: GimletD and Kargo do so for each release. */
function programMs(program, args) {
  const taken = []
  for (let run = 0; run < programRuns; run++) {
    const begin = performance.now()
    const { status, error, stderr } = spawnSync(join(programs, program), args, { encoding: 'utf8' })
    if (error) return null
    if (status !== 0) throw new Error(stderr)
    taken.push(performance.now() - begin)
  }
  return median(taken)
}

/** The golden folders as the programs read them: they know no variables. */
function plainFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), 'gimlet-bench-'))
  for (const [path, text] of filesBelow(join(fixtures, name, 'manifests'))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(
      join(folder, path),
      path.endsWith('.tpl') || path.includes('/templates/')
        ? text
        : text.replaceAll(/\{\{[^}]*\}\}/g, 'x'),
    )
  }
  return folder
}

/** Measures rendering: everything but the programs runs in this process. */
export async function render() {
  console.log(`render: ${rounds} interleaved rounds of ${roundMs} ms, medians.\n`)
  const subjects = ['raw', 'patches', 'kustomize', 'helmrelease'].map(subjectOf)
  const outputs = await Promise.all(subjects.map(async ({ run }) => [...(await run()).values()]))
  const floors = outputs.map(
    (texts) => async () =>
      texts.flatMap((text) => parseAllDocuments(text).map((one) => one.toJS())),
  )
  const rates = subjects.map(() => ({ own: [], floor: [] }))
  for (let round = 0; round <= rounds; round++)
    for (const [at, { run }] of subjects.entries()) {
      const own = await rateOf(run)
      const floor = await rateOf(floors[at])
      if (round > 0) {
        rates[at].own.push(own)
        rates[at].floor.push(floor)
      }
    }
  const peers = await peersOf()
  const ofFloor = rates.map(({ own, floor }) =>
    median(own.map((rate, round) => rate / floor[round])),
  )
  printTable([
    ['manifests', 'per second', 'each', 'of parsing the output', 'the program for it', 'faster'],
    ...subjects.map(({ name }, at) => {
      const rate = median(rates[at].own)
      const peer = peers[name]
      return [
        ...[name, perSecond(rate), ms(1000 / rate), ratio(ofFloor[at])],
        ...(peer
          ? [`${peer.what} ${ms(peer.ms)}`, `${Math.round((peer.ms * rate) / 1000)} x`]
          : ['', '']),
      ]
    }),
  ])
  return report([
    ...subjects.map(({ name }, at) => ({
      name: `${name}, of parsing its output`,
      got: ratio(ofFloor[at]),
      limit: `at least ${ofParsingLeast}`,
      isMet: ofFloor[at] >= ofParsingLeast,
    })),
    await growth(subjects),
  ])
}

async function peersOf() {
  const [kustomize, helm] = [plainFolder('kustomize'), plainFolder('helm')]
  const kubectlMs = programMs('kubectl', ['kustomize', join(kustomize, 'web/production')])
  const helmMs = programMs('helm', ['template', 'web', join(helm, 'charts/web')])
  for (const folder of [kustomize, helm]) rmSync(folder, { recursive: true, force: true })
  if (kubectlMs === null) console.log('no helm and kubectl: npm test obtains them\n')
  return {
    ...(kubectlMs === null ? {} : { kustomize: { what: 'kubectl kustomize', ms: kubectlMs } }),
    ...(helmMs === null ? {} : { helmrelease: { what: 'helm template', ms: helmMs } }),
  }
}

/** The heap after many renders beside the heap after a tenth of them. */
async function growth(subjects) {
  const heapMib = () => {
    global.gc?.()
    return process.memoryUsage().heapUsed / 1_048_576
  }
  let begin = 0
  for (let at = 0; at < memoryRenders; at++) {
    if (at === memoryRenders / 10) begin = heapMib()
    await subjects[at % subjects.length].run()
  }
  const grown = heapMib() - begin
  return {
    name: `heap over ${memoryRenders.toLocaleString('en-US')} renders${global.gc ? '' : ' (without --expose-gc)'}`,
    got: `${grown.toFixed(1)} MiB`,
    limit: `at most ${growthMibMost} MiB`,
    isMet: grown <= growthMibMost,
  }
}

function report(targets) {
  console.log()
  printTable([
    ['target', 'GimletD', 'limit', ''],
    ...targets.map(({ name, got, limit, isMet }) => [name, got, limit, verdict(isMet)]),
  ])
  return targets.every(({ isMet }) => isMet) || !isStrict
}
