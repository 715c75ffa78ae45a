import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { edgeLog } from '../src/edge/log.ts'
import { makeLog } from '../src/log.ts'
import type { Logger } from '../src/logger.ts'

const logs = {
  /** By pino, on Node. */
  node: (secrets: readonly string[], write: (line: string) => void): Logger =>
    makeLog('info', secrets, { write }),
  /** By the console, on Workers. */
  edge: (secrets: readonly string[], write: (line: string) => void): Logger =>
    edgeLog('info', secrets, { debug: write, info: write, warn: write, error: write }),
}

describe.each(Object.entries(logs))('the log by %s', (_, logBy) => {
  function logged(secrets: readonly string[], write: (log: Logger) => void): string[] {
    const lines: string[] = []
    write(logBy(secrets, (line) => void lines.push(line)))
    return lines
  }

  test('a line is one JSON object with time, level, text and fields', () => {
    const [line = ''] = logged([], (log) => log.info({ eventId: 'r-1' }, 'released'))
    expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'released', eventId: 'r-1' })
    expect(JSON.parse(line).time).toMatch(/^\d{4}-\d\d-\d\dT/)
    expect(line.trimEnd()).not.toContain('\n')
  })

  describe('A28: a secret', () => {
    test('is printed nowhere, whatever it is and wherever it stands', () => {
      const value = fc.string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
      fc.assert(
        fc.property(value, (text) => {
          const secret = `canary${text}`
          const error = new Error(`pushing to https://x:${secret}@example.com`, { cause: new Error(secret) }) // biome-ignore format: one value
          const lines = logged([secret], (log) => {
            log.info({ token: secret, deep: [{ [secret]: 1 }] }, `text ${secret}`)
            log.error({ err: error }, 'broke')
          })
          for (const line of lines) {
            expect(line).not.toContain('canary')
            expect(() => JSON.parse(line)).not.toThrow()
          }
        }),
      )
    })

    test('that holds another is printed neither in whole nor in part', () => {
      const lines = logged(['canary', 'canary-longer'], (log) => log.info({}, 'canary-longer'))
      expect(lines.join()).not.toMatch(/canary|longer/)
    })

    test('of several lines, such as a key, is caught', () => {
      const key = '-----BEGIN KEY-----\ncanary\n-----END KEY-----\n'
      expect(logged([key], (log) => log.info({ key }, `key ${key}`)).join()).not.toContain('canary')
    })

    test.each([
      { name: 'a token of ours', text: `gimlet_${'x'.repeat(43)}` },
      { name: 'a token in a query', text: 'GET /api?access_token=xxxxxxxx&env=x' },
      { name: 'a header', text: 'Authorization: Bearer xxxxxxxxxxxx' },
      { name: 'a basic header', text: 'Authorization: Basic xxxxxxxx==' },
    ])('that nobody configured is known by its shape: $name', ({ text }) => {
      const line = logged([], (log) => log.info({ err: new Error(text) }, text)).join()
      expect(line).toContain('[redacted]')
      expect(line).not.toContain('xxxxxxxx')
    })
  })

  test('leaves out what is below its level', () => {
    expect(logged([], (log) => log.debug({}, 'unseen'))).toEqual([])
  })

  test('tells an error with its cause, and lives with what has no JSON', () => {
    const ring: Record<string, unknown> = {}
    ring.itself = ring
    const error = new Error('pushing', { cause: new Error('the host is away') })
    const lines = logged([], (log) => {
      log.error({ err: error }, 'broke')
      log.info({ ring }, 'a ring')
    })
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/pushing.*the host is away/)
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ level: 'info', msg: 'a ring' })
  })
})
