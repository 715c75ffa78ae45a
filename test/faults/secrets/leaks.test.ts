import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { newCanary } from './canaries.ts'
import { leaks } from './leaks.ts'

const canary = newCanary('GITOPS_TOKEN')
const { slot, value } = canary
const foundIn = (bytes: Uint8Array | string, carries: readonly string[] = []) =>
  leaks([canary], [{ name: 'log', bytes, carries }]).map(({ as }) => as.replace(/ \(.*/, ''))

describe('the search for secrets (I9)', () => {
  test.each([
    { as: 'plain', written: `token ${value}.` },
    { as: 'hex', written: Buffer.from(value).toString('hex') },
    { as: 'hex in capitals', written: Buffer.from(value).toString('hex').toUpperCase() },
    { as: 'base64', written: Buffer.from(`x-access-token:${value}`).toString('base64') },
    { as: 'base64', written: Buffer.from(`ab${value}c`).toString('base64') },
    { as: 'base64url', written: Buffer.from(`~?~${value}>>`).toString('base64url') },
    { as: 'half, plain', written: `…${value.slice(0, Math.ceil(value.length / 2))}…` },
    { as: 'half, plain', written: `…${value.slice(-Math.floor(value.length / 2))}` },
  ])('finds one that is written $as', ({ as, written }) => {
    const base64s = as.startsWith('base64') ? ['base64', 'base64url'] : [as]
    expect(base64s).toContain(foundIn(`{"msg":"${written}"}`)[0])
  })

  test('finds one with signs that are escaped', () => {
    const odd = { slot, value: `p"a/ß+${value}` }
    const written = [JSON.stringify({ odd: odd.value }), encodeURIComponent(odd.value)]
    for (const bytes of written) expect(leaks([odd], [{ name: 'log', bytes }])).toHaveLength(1)
  })

  test('finds each line of a key, but not the words around it', () => {
    const line = newCanary('PRIVATE_KEY').value
    const key = `-----BEGIN RSA PRIVATE KEY-----\nAAAA${line}\n${line}BBBB\n-----END RSA PRIVATE KEY-----`
    const search = (bytes: string) => leaks([{ slot, value: key }], [{ name: 'log', bytes }])
    expect(search('-----BEGIN RSA PRIVATE KEY-----\nMIIE')).toEqual([])
    expect(search(`${line}BBBB`)).toHaveLength(1)
  })

  test('finds one between bytes that are no text', () => {
    expect(foundIn(Buffer.concat([Buffer.of(0xff, 0), Buffer.from(value)]))).toEqual(['plain'])
  })

  test('passes over what is there to carry it, and over what holds none', () => {
    expect(foundIn(value, [slot])).toEqual([])
    expect(foundIn(gzipSync('a line of the log'))).toEqual([])
  })
})
