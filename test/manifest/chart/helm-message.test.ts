import { expect, test } from 'vitest'
import { helmMessage } from '../../../src/manifest/chart/helm-message.ts'

const hint = '\n\nUse --debug flag to render out invalid YAML\n'

test.each([
  {
    name: 'a value that is missing, by helm 4',
    said: `Error: web/templates/cm.yaml:5:15\n  executing "web/templates/cm.yaml" at <.Values.image.tag>:\n    nil pointer evaluating interface {}.tag${hint}`,
    want: 'templates/cm.yaml: line 5: <.Values.image.tag>: nil pointer evaluating interface {}.tag; set what it asks for under values, or mend the chart',
  },
  {
    name: 'the same by helm 3',
    said: `Error: template: web/templates/cm.yaml:5:15: executing "web/templates/cm.yaml" at <.Values.image.tag>: nil pointer evaluating interface {}.tag${hint}`,
    want: 'templates/cm.yaml: line 5: <.Values.image.tag>: nil pointer evaluating interface {}.tag; set what it asks for under values, or mend the chart',
  },
  {
    name: 'what the chart asks for',
    said: `Error: execution error at (web/templates/f.yaml:1:3): set the host, please${hint}`,
    want: 'templates/f.yaml: line 1: set the host, please; set what it asks for under values, or mend the chart',
  },
  {
    name: 'a function that helm does not have',
    said: `Error: parse error at (web/templates/f.yaml:1): function "env" not defined${hint}`,
    want: 'templates/f.yaml: line 1: function "env" not defined; helm has no such function: mend the chart',
  },
  {
    name: 'a schema',
    said: "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nweb:\n- at '/num': got string, want integer\n\n",
    want: "values don't meet the specifications of the schema(s) in the following chart(s): web: - at '/num': got string, want integer; set the values as the chart’s values.schema.json wants them",
  },
  {
    name: 'behind its log',
    said: 'level=ERROR msg="x" error="y"\nError: chart requires kubeVersion: >=1.50 which is incompatible with Kubernetes v1.34.0',
    want: 'chart requires kubeVersion: >=1.50 which is incompatible with Kubernetes v1.34.0; set HELM_KUBE_VERSION to the version of your clusters, or use another version of the chart',
  },
  {
    name: 'a path of this machine',
    said: 'Error: open /data/helm/run-1/chart/x: broken',
    want: 'open …/chart/x: broken; mend the chart or the values',
  },
  { name: 'nothing', said: '', want: 'helm said nothing; mend the chart or the values' },
])('$name is told in one line, with the next step', ({ said, want }) => {
  expect(helmMessage(said, ['/data/helm/run-1'])).toBe(want)
})

test('a long word is cut', () => {
  expect(helmMessage(`Error: ${'x'.repeat(5000)}`, []).length).toBeLessThan(700)
})
