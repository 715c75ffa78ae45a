import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressOf } from '../../src/manifest/address.ts'

const ingress = (host: unknown, more: object = {}) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web' },
  spec: { rules: [{ host }] },
  ...more,
})
const route = (...hostnames: unknown[]) => ({
  ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
  spec: { hostnames },
})
const annotated = (address: unknown) =>
  ingress('web.example.com', { metadata: { annotations: { 'gimlet.io/address': address } } })
const secure = ingress('web.example.com', {
  spec: { tls: [{ hosts: ['web.example.com'] }], rules: [{ host: 'web.example.com' }] },
})

describe('the address of what runs', () => {
  test.each([
    { name: 'an Ingress', objects: [ingress('web.example.com')], address: 'http://web.example.com' },
    { name: 'an Ingress with a certificate', objects: [secure], address: 'https://web.example.com' },
    { name: 'an HTTPRoute', objects: [route('*.example.com', 'a.example.com')], address: 'https://a.example.com' },
    { name: 'an annotation', objects: [ingress('b.example.com'), annotated('https://a.example.com/x?y=1')], address: 'https://a.example.com/x?y=1' },
    { name: 'nothing', objects: [], address: null },
    { name: 'a wildcard', objects: [ingress('*.example.com')], address: null },
    { name: 'a bare name', objects: [ingress('localhost')], address: null },
    { name: 'a Service', objects: [{ ...ingress('web.example.com'), kind: 'Service' }], address: null },
    { name: 'an Ingress of another group', objects: [{ ...ingress('web.example.com'), apiVersion: 'x/v1' }], address: null },
    { name: 'A30: a script', objects: [annotated('javascript:alert(1)//a.b')], address: 'http://web.example.com' },
    { name: 'A30: a name before the host', objects: [annotated('https://github.com@evil.example')], address: 'http://web.example.com' },
    { name: 'A30: more than a host', objects: [ingress('a.b/](http://evil.example)')], address: null },
  ])('by $name is $address', ({ objects, address }) => {
    expect(addressOf(objects)).toBe(address)
  }) // biome-ignore format: one case a line

  test('is a page or nothing, whatever the objects are', () => {
    const anything = fc.anything({ withNullPrototype: true })
    const shaped = fc.oneof(anything, anything.map(ingress), anything.map(route), fc.webUrl().map(annotated)) // biome-ignore format: one value
    fc.assert(
      fc.property(fc.array(shaped), (objects) => {
        expect(addressOf(objects) ?? 'http://none.example').toMatch(/^https?:\/\/[a-z0-9.-]+(?:[:/?#][^\s<>"]*)?$/) // biome-ignore format: one line
      }),
      { numRuns: 2_000 },
    )
  })
})
