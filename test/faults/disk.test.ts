import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { failingCalls, isWithout } from '../stage/machine.ts'
import { openStage } from '../stage/stage.ts'
import { eventually } from '../support/eventually.ts'
import { endPrograms } from '../support/program.ts'
import { someonesGit } from '../support/temp.ts'

afterEach(endPrograms)

/** Room for a server, and not for long. */
const megabytes = 24

describe.skipIf(isWithout.smallDisk)('F20: a disk that is full', () => {
  const places = [
    { what: 'the database', data: false, database: true },
    { what: 'the clone', data: true, database: false },
    { what: 'both', data: true, database: true },
  ]
  test.each(places)(
    'with $what: nothing is said to be kept that is not, and all goes on when there is room',
    async ({ data, database }) => {
      const stage = await openStage(onTestFinished)
      const [disk, repository] = [await stage.disk(megabytes), await stage.repository()]
      const on = (isFull: boolean, name: string) => join(isFull ? disk.folder : stage.folder, name)
      const file = on(database, 'gimlet.db')
      const server = await stage.server({
        gitops: repository.path,
        dataDir: on(data, 'data'),
        environment: { GIMLET_DB_URL: `file:${file}` },
      })
      await server.push('web', 1)
      await eventually(async () => expect(await server.runs()).toEqual({ web: 'web-1' }))
      await disk.fill()
      const answers = new Set<number>()
      if (database)
        await eventually(async () => {
          answers.add((await server.push('web', 2 + server.accepted.length)).status)
          expect(answers).toContain(503)
        })
      else {
        const waiting = await server.push('web', 2)
        await eventually(async () => {
          const { json } = await server.call('GET', `/api/event?id=${waiting.id}`)
          expect(JSON.stringify(json)).toContain('make room')
        })
      }
      expect([...answers].filter((status) => status !== 201 && status !== 503)).toEqual([])
      if (database)
        await eventually(async () => expect((await server.ready()).words).toContain('no writes'))
      // What is known is answered as ever.
      expect(Object.keys(await server.runs())).toEqual(['web'])
      await disk.makeRoom()
      const last = await eventually(async () => {
        const { status, id } = await server.push('web', 100 + server.accepted.length)
        expect(status).toBe(201)
        return id
      })
      await eventually(async () => expect(await server.runs()).toEqual({ web: last }))
      await eventually(async () => expect((await server.ready()).status).toBe(200))
      await someonesGit(repository.path, 'fsck', '--strict')
      await server.holds(repository, { database: file })
    },
  )
})

describe.skipIf(isWithout.strace)('F22: a disk that does not sync', () => {
  test('is no place to keep anything: nothing is acknowledged, and all that was is there after the end', async () => {
    const stage = await openStage(onTestFinished)
    const repository = await stage.repository()
    const server = await stage.server({ gitops: repository.path })
    await server.push('web', 1)
    await eventually(async () => expect(await server.runs()).toEqual({ web: 'web-1' }))
    const disk = await failingCalls(server.pid, 'fsync,fdatasync', 'EIO')
    for (let version = 2; version < 20; version++)
      expect((await server.push('web', version)).status).toBe(503)
    expect(await server.ready()).toMatchObject({ status: 503 })
    await disk.heal()
    await eventually(async () => expect((await server.push('web', 20)).status).toBe(201))
    await eventually(async () => expect(await server.runs()).toEqual({ web: 'web-20' }))
    await eventually(async () => expect((await server.ready()).status).toBe(200))
    await server.push('web', 21)
    await server.program.kill()
    await server.start()
    await eventually(async () => expect(await server.runs()).toEqual({ web: 'web-21' }))
    await server.holds(repository)
  })
})
