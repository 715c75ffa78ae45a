import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { firstTest, policyTest } from '../../src/cli/policy-test.ts'
import { plain } from '../../src/messages/paint.ts'
import { tempFolder } from '../support/temp-folder.ts'

const trigger = {
  kind: 'trigger',
  on: 'artifact',
  env: 'staging',
  when: { '==': [{ var: 'artifact.version.branch' }, 'main'] },
}
const gate = {
  kind: 'gate',
  env: 'production',
  require: { or: [{ '==': [{ var: 'app' }, 'web'] }, { '==': [{ var: 'request.kind' }, 'x'] }] },
  message: 'Only web',
}
const web = { name: 'web may', app: 'web', expect: 'allow' }
const tests = (...cases: readonly object[]) => ({
  env: 'production',
  now: '2026-11-23T09:30:00Z',
  facts: { request: { kind: 'release' } },
  cases,
})

/** Writes a folder of policies and runs its tests. */
function runIn(files: Readonly<Record<string, unknown>>) {
  const folder = tempFolder()
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    writeFileSync(join(folder, path), text)
  }
  return run(folder)
}

function run(folder: string) {
  const out: string[] = []
  const err: string[] = []
  const code = policyTest(folder, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    paint: plain,
    environment: {},
  })
  return { code, out: out.join('\n').replaceAll(`${folder}/`, ''), err: err.join('\n') }
}

describe('policy test', () => {
  test('passes the shipped policies, and has nothing to add', () => {
    const { code, out, err } = run('policies')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(
      /^The cases touch every policy, and each condition came out true and false\n\d+ cases passed$/,
    )
  })

  test('shows of a case that fails what was expected, what came, and the trace', () => {
    const api = { name: 'api may', app: 'api', expect: 'allow' }
    const { code, out, err } = runIn({ 'g.json': gate, 'tests/t.json': tests(web, api) })
    expect(code).toBe(1)
    expect(out).toContain(
      [
        '✗ api may  tests/t.json /cases/1',
        '  expected: allow',
        '  got:      deny by g',
        '  because:  Only web',
        '    ✗ g (gate)',
        '      require',
        '        ✗ one of',
        '          ✗ app == "web"  (it is "api")',
      ].join('\n'),
    )
    expect(out).not.toContain('web may')
    expect(err).toBe('1 case failed, 0 problems; 1 case passed')
  })

  test('names the branches and policies that no case tries, and passes all the same', () => {
    const { code, out } = runIn({
      'g.json': gate,
      'off.json': { ...gate, enabled: false },
      't.json': trigger,
      'tests/t.json': tests(web),
    })
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      'No case touches these policies:',
      '  t.json: no case for triggers is for its app and environment',
      '  off.json: is disabled; to test it all the same, write "enable": ["off"]',
      'No case tries these branches:',
      '  g.json /require/or/0: never false',
      '  g.json /require/or/1: never evaluated',
      '1 case passed',
    ])
  })

  test.each([
    {
      name: 'test',
      files: { 'tests/t.json': tests({ ...web, expekt: 1 }) },
      want: 'tests/t.json /cases/0/expekt: there is no key "expekt"; did you mean expect?',
    },
    {
      name: 'policy',
      files: { 'g.json': { ...gate, requires: true }, 'tests/t.json': tests(web) },
      want: 'g.json /requires: there is no key "requires"; did you mean require?',
    },
  ])('fails on a $name that cannot be used, and says where', ({ files, want }) => {
    const { code, out, err } = runIn(files)
    expect(code).toBe(1)
    expect(out).toContain(want)
    expect(err).toContain('1 problem;')
  })

  test('says that there are no tests, with one to start from that can be used as it is', () => {
    const { code, out } = runIn({ 'trigger.json': trigger })
    expect(code).toBe(0)
    expect(out).toContain('There are no tests in')
    expect(out).toContain('tests/first.json')
    expect(out).toContain(firstTest)
    expect(runIn({ 'trigger.json': trigger, 'tests/first.json': firstTest })).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 cases passed'),
    })
  })

  test('names a folder that is not there', () => {
    const { code, err } = run(join(tempFolder(), 'none'))
    expect(code).toBe(2)
    expect(err).toContain('There is no folder')
  })

  test('keeps what a test says from moving the cursor', () => {
    const { out } = runIn({
      'g.json': gate,
      'tests/t.json': tests({ ...web, name: 'a\u001b[2Jb', app: 'api' }),
    })
    expect(out).toContain('✗ a [2Jb')
  })
})
