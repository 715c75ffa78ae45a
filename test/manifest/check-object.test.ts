import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../src/domain/fault.ts'
import { manifestOf } from '../../src/manifest/manifest.ts'
import { loadManifests } from '../../src/manifest/manifest-set.ts'
import { render } from '../../src/manifest/render.ts'
import { filesOf, refusalOf } from './support.ts'

const entry = { app: 'web', env: 'production' }
const configMap = (more = '') => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n${more}`

function rendered(fields: Record<string, unknown>) {
  const manifest = manifestOf({ ...entry, ...fields } as never, 'web.yaml')
  return isRefusal(manifest) ? manifest : render(manifest, new Map())
}

describe('the namespace of an object', () => {
  const elsewhere = configMap('  namespace: kube-system\n')

  test('must be its manifest’s, where that names one', () => {
    expect(refusalOf(rendered({ namespace: 'shop', manifests: elsewhere }))).toBe(
      "web.yaml: manifests: line 1, column 1: document 1: ConfigMap web: is for the namespace kube-system, and its manifest for shop; correct one of them, or add it to the manifest's namespaces",
    )
  })

  test.each([
    { name: 'its manifest names none', fields: {} },
    { name: 'it is listed', fields: { namespace: 'shop', namespaces: ['kube-system'] } },
  ])('may be another where $name', ({ fields }) => {
    expect(filesOf(rendered({ ...fields, manifests: elsewhere }))).toEqual({
      'configmap-web.yaml': elsewhere,
    })
  })
})

describe('the fields of an object', () => {
  const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          imagePullpolicy: Always
`

  test('are told with file, object, line and what was meant', () => {
    expect(refusalOf(rendered({ manifests: `${configMap()}---\n${deployment}` }))).toBe(
      'web.yaml: manifests: line 6, column 1: document 2: Deployment web: spec.template.spec.containers[0].imagePullpolicy (line 12 of it): there is no such field in Kubernetes 1.34; did you mean imagePullPolicy?',
    )
  })

  test('are not looked at where the manifest says so', () => {
    expect(filesOf(rendered({ manifests: deployment, validate: false }))).toEqual({
      'deployment-web.yaml': deployment,
    })
  })

  test('are looked at as the patches made them', () => {
    const patch = '- { op: add, path: /spec/replica, value: 2 }'
    const target = { kind: 'Deployment', name: 'web' }
    const fixed = deployment.replace('imagePullpolicy', 'imagePullPolicy')
    const message = refusalOf(rendered({ manifests: fixed, json6902Patches: [{ patch, target }] }))
    expect(message).toContain('spec.replica (line')
  })
})

describe('an object of a preview', () => {
  const base = {
    'base/kustomization.yaml': 'resources: [web.yaml]\n',
    'base/web.yaml': configMap(),
  }
  const preview = (kustomization: string) => {
    const files = new Map(
      Object.entries({
        ...base,
        'web/kustomization.yaml': `resources: [../base]\n${kustomization}`,
        'web.yaml': 'app: web\nenv: preview\npreview: true\nkustomize: web\n',
      }),
    )
    const [manifest] = loadManifests({ version: '1', files }).previews
    if (!manifest) throw new Error('there is no manifest')
    return render({ ...manifest, app: 'web-fix' }, new Map([['APP', 'web-fix']]))
  }

  test('that every preview would have is refused', () => {
    expect(refusalOf(preview(''))).toContain('every preview would have the same ConfigMap web')
  })

  test('that has the name of its own is written', () => {
    const files = filesOf(preview('namePrefix: "{{ .APP }}-"\n'))
    expect(Object.keys(files)).toEqual(['configmap-web-fix-web.yaml'])
  })
})
