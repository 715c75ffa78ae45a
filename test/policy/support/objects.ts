import type { Facts, FactType } from '../../../src/domain/facts.ts'
import { lookUp } from '../../../src/policy/fact.ts'
import { objectFactDeclarations, objectFacts } from '../../../src/policy/object-facts.ts'

export const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
export const pod = (spec: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', ...metadata },
  spec,
})
export const withContainer = (container: unknown, spec: object = {}) =>
  pod({ ...spec, containers: [container] })
export const rootsOf = (object: unknown): Facts => {
  const facts = objectFacts(object)
  return { object: facts.object, ...(facts.containers[0] && { container: facts.containers[0] }) }
}
export const typeOf = (path: string): FactType => {
  const declared = objectFactDeclarations.find((one) => one.path === path)
  if (!declared) throw new Error(`${path} is not declared`)
  return declared.type
}
/** What a rule reads: the value, or `missing` or `wrong`. */
export const read = (object: unknown, path: string): unknown => {
  const wanted = path.replace(/(labels|annotations)\..*/, '$1.*')
  const found = lookUp({ path, type: typeOf(wanted) }, rootsOf(object))
  return found.kind === 'value' ? found.value : found.kind
}
