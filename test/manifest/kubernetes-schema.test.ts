import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../src/domain/fault.ts'
import { isNamespaced, schemaProblem } from '../../src/manifest/kubernetes-schema.ts'
import { parseYaml } from '../../src/manifest/parse-yaml.ts'

function valuesIn(text: string): ReadonlyMap<unknown, unknown>[] {
  const documents = parseYaml(text)
  if (isRefusal(documents)) throw new Error(documents.message)
  return documents.flatMap(({ value }) => (value instanceof Map ? [value] : []))
}

const problemIn = (text: string): string | null => {
  const [object = new Map()] = valuesIn(text)
  const problem = schemaProblem(object)
  return problem && `${problem.path.join('.')}: ${problem.message}`
}

const container = (fields: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
${fields}`

describe('an object of a kind of Kubernetes’ own', () => {
  test.each([
    {
      name: 'a field that is written wrong',
      text: 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { replica: 3 }',
      want: 'spec.replica: there is no such field in Kubernetes 1.34; did you mean replicas?',
    },
    {
      name: 'a field that is missing',
      text: 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { replicas: 3 }',
      want: 'spec.selector: is missing',
    },
    {
      name: 'a number that is text',
      text: 'apiVersion: apps/v1\nkind: Deployment\nspec: { replicas: "3" }',
      want: 'spec.replicas: must be a whole number; with a variable write "{{ .NAME | int }}"',
    },
    {
      name: 'a variable of the environment that is no text',
      text: container('          env: [{ name: PORT, value: 8080 }]'),
      want: 'spec.template.spec.containers.0.env.0.value: must be text; put quotes around it',
    },
    {
      name: 'a mapping where a list belongs',
      text: container('          ports: { containerPort: 80 }'),
      want: 'spec.template.spec.containers.0.ports: must be a list',
    },
    {
      name: 'a label that is a boolean',
      text: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, labels: { on: true } }',
      want: 'metadata.labels.on: must be text; put quotes around it',
    },
    {
      name: 'a name of a prototype',
      text: 'apiVersion: v1\nkind: ConfigMap\nconstructor: {}',
      want: 'constructor: there is no such field in Kubernetes 1.34',
    },
    {
      name: 'text where a mapping belongs',
      text: 'apiVersion: v1\nkind: ConfigMap\ndata: a',
      want: 'data: must be a mapping',
    },
  ])('with $name is told', ({ text, want }) => {
    expect(problemIn(text)).toBe(want)
  })

  test.each([
    {
      name: 'amounts that are numbers',
      text: container('          resources: { limits: { cpu: 1, memory: 128Mi } }'),
    },
    {
      name: 'a role that does not say its group, which the API does',
      text: 'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nroleRef: { kind: Role, name: a }',
    },
    {
      name: 'a port by name',
      text: 'apiVersion: v1\nkind: Service\nspec: { ports: [{ port: 80, targetPort: http }] }',
    },
    {
      name: 'null for what is not given',
      text: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, creationTimestamp: null }',
    },
    {
      name: 'a kind of someone else’s',
      text: 'apiVersion: example.com/v1\nkind: Deployment\nspec: { replica: 3 }',
    },
    {
      name: 'a kind with the name of a prototype',
      text: 'apiVersion: v1\nkind: constructor\nspec: 1',
    },
  ])('with $name is fine', ({ text }) => {
    expect(problemIn(text)).toBeNull()
  })

  test('knows whether it has a namespace', () => {
    expect(isNamespaced('apps/v1', 'Deployment')).toBe(true)
    expect(isNamespaced('rbac.authorization.k8s.io/v1', 'ClusterRole')).toBe(false)
    expect(isNamespaced('example.com/v1', 'Thing')).toBeNull()
  })
})

test('the objects of well-known charts have no field that is not known, and none of another type', () => {
  const folder = 'test/fixtures/charts'
  const problems = readdirSync(folder).flatMap((file) =>
    valuesIn(readFileSync(`${folder}/${file}`, 'utf8')).flatMap((object) => {
      const problem = schemaProblem(object)
      // They are shortened, so some of their fields are missing.
      return problem && problem.message !== 'is missing'
        ? [`${file} ${object.get('kind')}: ${problem.path.join('.')}: ${problem.message}`]
        : []
    }),
  )
  expect(problems).toEqual([])
})
