import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pkcs8 } from '../../../src/ingress/github/pkcs8.ts'

describe('a private key', () => {
  it.each([1024, 2048])('of %i bits as GitHub hands it out becomes PKCS#8', (modulusLength) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength })
    const given = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
    expect(pkcs8(given)).toBe(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    expect(createPrivateKey(pkcs8(given)).equals(privateKey)).toBe(true)
  })

  it('in PKCS#8 stays as it is', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const given = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(pkcs8(given)).toBe(given)
  })

  it('that is cut does not become one that works', () => {
    const cut = fc.string({ unit: fc.constantFrom(...'MIIEcut+/=\n '), maxLength: 60 })
    fc.assert(
      fc.property(cut, (text) => {
        const pem = `-----BEGIN RSA PRIVATE KEY-----\n${text}\n-----END RSA PRIVATE KEY-----`
        expect(() => createPrivateKey(pkcs8(pem))).toThrow()
      }),
    )
  })
})
