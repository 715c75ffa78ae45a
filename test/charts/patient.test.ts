import { expect, test } from 'vitest'
import { patient } from '../../src/charts/patient.ts'
import { refuse } from '../../src/domain/fault.ts'
import type { ChartRequest, RenderedChart } from '../../src/manifest/chart/chart-renderer.ts'

const request: ChartRequest = {
  chart: { kind: 'oci', url: 'oci://charts.example.com/web', version: '1.2.3' },
  ...{ releaseName: 'web', namespace: 'default', values: '' },
}
const made: RenderedChart = { text: 'kind: A\n', chartDigest: 'sha256:1', isStable: true }

/** A renderer that answers when it is told to. */
function slow() {
  const calls: { answer(value: RenderedChart): void; fail(error: Error): void }[] = []
  const render = patient(() => new Promise((answer, fail) => void calls.push({ answer, fail })), 1)
  return { calls, render }
}

const late = { code: 'chart_unreachable' }

test('F10: a chart that takes its time is waited for a little, and is there for who asks again', async () => {
  const { calls, render } = slow()
  await expect(render(request)).rejects.toMatchObject(late)
  await expect(render(request)).rejects.toMatchObject(late)
  expect(calls).toHaveLength(1)
  calls[0]?.answer(made)
  expect(await render(request)).toBe(made)
})

test('what it failed with is told to who asks again, and then it is tried anew', async () => {
  const { calls, render } = slow()
  await expect(render(request)).rejects.toMatchObject(late)
  calls[0]?.fail(new Error('the host said no'))
  await expect(render(request)).rejects.toThrow('the host said no')
  await expect(render(request)).rejects.toMatchObject(late)
  expect(calls).toHaveLength(2)
})

test('another chart is asked for by itself', async () => {
  const { calls, render } = slow()
  const other = { ...request, values: 'a: 1\n' }
  await Promise.allSettled([render(request), render(other)])
  expect(calls).toHaveLength(2)
})

test('a refusal is an answer', async () => {
  const no = refuse('invalid', 'chart: there is no such version')
  expect(await patient(async () => no)(request)).toBe(no)
})
