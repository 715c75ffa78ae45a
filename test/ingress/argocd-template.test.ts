import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { isRefusal } from '../../src/domain/fault.ts'
import { argocdRoutes } from '../../src/ingress/http/argocd.ts'
import { kubernetesProgram } from '../support/kubernetes-programs.ts'
import { tempFolder } from '../support/temp-folder.ts'

const commit = 'c'.repeat(40)
const page = readFileSync('docs/feedback.md', 'utf8')
const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text ?? '')

/** The body that the documented template sends, as text of the template. */
function templateBody(): string {
  const [map] = parseAllDocuments(examples.find((text) => text.includes('template.gimletd')) ?? '')
  const [template] = parseAllDocuments(String(map?.getIn(['data', 'template.gimletd'])))
  return String(template?.getIn(['webhook', 'gimletd', 'body']))
}

const helm = kubernetesProgram('helm')

/** Rendered by helm, which has the functions that Argo CD has, but for its clock. */
function rendered(app: object): unknown {
  const folder = tempFolder()
  mkdirSync(join(folder, 'templates'))
  writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: t\nversion: 1.0.0\n')
  writeFileSync(join(folder, 'values.yaml'), JSON.stringify({ app }))
  const text = templateBody()
    .replace('(call .time.Now)', '(now)')
    .replaceAll('.app.', '.Values.app.')
  writeFileSync(join(folder, 'templates/body.yaml'), text)
  const { stdout, stderr } = spawnSync(helm ?? '', ['template', folder], { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  const [document] = parseAllDocuments(stdout)
  return document?.toJS()
}

describe.skipIf(helm === null)('the documented template of Argo CD', () => {
  test.each([
    {
      name: 'healthy',
      status: {
        health: { status: 'Healthy' },
        sync: { status: 'Synced', revision: commit, comparedTo: {} },
        operationState: { phase: 'Succeeded', syncResult: { revision: commit, resources: [] } },
      },
      want: { state: 'healthy', commits: [commit] },
    },
    {
      name: 'failed to sync, with a message that has to be escaped',
      status: {
        health: { status: 'Missing' },
        sync: { status: 'OutOfSync', revisions: ['1.2.3', commit] },
        operationState: {
          ...{ phase: 'Failed', message: 'say "no"\n<b>: {{ }}' },
          syncResult: { revisions: ['1.2.3', commit] },
        },
      },
      want: { state: 'failed', commits: [commit], message: 'say "no"\n<b>: {{ }}' },
    },
    {
      name: 'not synced yet',
      status: { health: { status: 'Missing' }, sync: { status: 'OutOfSync', revision: commit } },
      want: { state: 'progressing', commits: [commit] },
    },
    { name: 'nothing known', status: { sync: {} }, want: { ignored: expect.any(String) } },
  ])('$name', ({ status, want }) => {
    const [route] = argocdRoutes
    const body = route?.body?.parse(rendered({ metadata: { name: 'web' }, status }))
    const command = route?.command({ query: { env: 'production' }, body } as never)
    expect(command && !isRefusal(command) && 'said' in command && command.said).toMatchObject(want)
  })
})

test('the examples of the page are YAML', () => {
  const problems = examples
    .flatMap((text) => parseAllDocuments(text))
    .flatMap(({ errors }) => errors)
  expect(examples).toHaveLength(3)
  expect(problems).toEqual([])
})
