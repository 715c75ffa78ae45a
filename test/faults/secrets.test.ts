import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { figure } from '../support/figures.ts'
import { endPrograms, runToEnd, startProgram } from '../support/program.ts'
import { isWithoutSshd } from '../support/ssh-host.ts'
import { childrenSeen } from './secrets/children.ts'
import { allFailures, allFlows, clonesConfig } from './secrets/flows.ts'
import { leaks, type Place } from './secrets/leaks.ts'
import { apiPlaces, carryingFiles, filePlaces, hostPlaces, objectPlaces } from './secrets/places.ts'
import { secretWorld, type Variant, type World } from './secrets/world.ts'

afterEach(endPrograms)

/** What the program says on the server's machine, and the backup that it makes. */
async function programPlaces(world: World): Promise<Place[]> {
  const { folder, dataDir, environment, url } = world
  const given = { ...environment, GIMLET_DATA_DIR: dataDir, GIMLET_SERVER: url, GIMLET_TOKEN: environment.GIMLET_ADMIN_TOKEN ?? '' } // biome-ignore format: one value
  const backup = join(folder, 'backup.db')
  const calls = [
    ['backup', backup],
    ['doctor'],
    ['doctor', 'slack'],
    ['doctor', 'github'],
    ['users'],
    ['status', '*'],
    ['audit'],
    ['whoami', '--output', 'json'],
  ]
  const places: Place[] = []
  for (const words of calls) {
    const { code, stdout, stderr } = await runToEnd(
      [process.execPath, resolve('dist/cli/gimlet.js'), ...words],
      given,
    )
    places.push({ name: `gimlet ${words[0]} ${words[1] ?? ''} (${code})`, bytes: stdout + stderr })
  }
  if (world.way.database === null) places.push({ name: 'backup', bytes: readFileSync(backup) })
  return places
}

async function run(variant: Variant) {
  const world = await secretWorld(variant)
  const server = await startProgram(world.dataDir, world.environment)
  const children = childrenSeen(() => server.pid)
  onTestFinished(children.stop)
  await allFlows(world, server)
  await allFailures(world, server)
  for (const value of world.github.installationTokens)
    world.made('an installation token of GitHub', value)
  const places = [...(await apiPlaces(world, server)), ...(await programPlaces(world))]
  children.stop()
  // The write-ahead log is read before it is folded into the file.
  const during = filePlaces(world.dataDir, carryingFiles(world))
  expect(await server.stop()).toBe(0)
  places.push(
    ...during,
    ...filePlaces(world.dataDir, carryingFiles(world)),
    ...(await objectPlaces(world.gitops.remote)),
    ...(await objectPlaces(join(world.dataDir, 'clone.git'))),
    ...hostPlaces(world),
    { name: 'standard output', bytes: server.lines.join('\n') },
    { name: 'standard error', bytes: server.errors.join('') },
    { name: 'children as they were sampled', bytes: [...children.seen].join('\n') },
    { name: 'children as they were started', bytes: readFileSync(world.calls) },
    ...(world.way.database === null
      ? []
      : filePlaces(world.folder, {}).filter(({ name }) => name.startsWith('remote.db'))),
  )
  return { world, server, places }
}

const variants: Variant[] = [
  'git over HTTP, a database file',
  ...(isWithoutSshd ? [] : (['git over ssh, a remote database'] as const)),
]

test.each(variants)(
  'A28, I9: of all credentials none is anywhere but where it is to be: %s',
  async (variant) => {
    const { world, places } = await run(variant)
    const { canaries, dataDir } = world
    expect(leaks(canaries, places)).toEqual([])
    if (variant === 'git over HTTP, a database file')
      expect(statSync(clonesConfig(dataDir)).mode & 0o777).toBe(0o600)
    // In each place the search finds what is put there: as it is, and as git would carry it.
    for (const { slot, value } of canaries.slice(0, 3))
      for (const { name, bytes } of places) {
        const planted = Buffer.concat([Buffer.from(bytes as Uint8Array), Buffer.from(value)])
        const found = leaks([{ slot, value }], [{ name, bytes: planted }])
        expect([name, found.length]).toEqual([name, 1])
      }
    figure({
      rows: ['A28', 'I9'],
      what: `secrets looked for, ${variant}`,
      is: `${canaries.length} in ${places.length} places, none found`,
    })
  },
)
