import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../src/domain/fault.ts'
import { compileGlob } from '../../src/domain/glob.ts'
import { askCleanup, askDeploy } from '../../src/manifest/deploy-trigger.ts'
import { type Manifest, manifestOf } from '../../src/manifest/manifest.ts'
import { loadManifests } from '../../src/manifest/manifest-set.ts'
import { explainTrace } from '../../src/policy/explain.ts'
import { artifactWith, refusalOf } from './support.ts'

const manifestWithRules = (rules: object) => manifestOf({ ...whole, ...rules }, 'web.yaml')

/** A manifest with these rules, as an artifact brings it. */
function withRules(rules: object): Manifest {
  const read = manifestWithRules(rules)
  if (isRefusal(read)) throw new Error(read.message)
  return read
}
const whole = { app: 'web', env: 'staging', manifests: 'kind: Service\n' }

const versionWith = (version: object) => artifactWith({ version }).version

/** Whether a rule fires, and why not. */
function asked(deploy: unknown, version: object) {
  const trace = askDeploy(withRules({ deploy }), versionWith(version))
  return { fires: trace?.outcome === 'holds', why: trace?.problem ?? null, trace }
}
const fires = (deploy: unknown, version: object): boolean => asked(deploy, version).fires

const push = (branch: string) => ({ event: 'push', branch })
const tag = (name: string) => ({ event: 'tag', tag: name, branch: '' })
const commit = (message: string) => ({ event: 'push', branch: 'main', message })

describe('deploy', () => {
  test.each([
    { name: 'nothing', deploy: null },
    { name: 'an empty mapping', deploy: {} },
    {
      name: 'empty texts',
      deploy: { event: '', branch: '', tag: '', commitMessagePatterns: null },
    },
    { name: 'an empty list', deploy: [] },
  ])('$name is no rule', ({ deploy }) => {
    expect(withRules({ deploy }).deploy).toEqual([])
    expect(asked(deploy, push('main')).trace).toBeNull()
  })

  test.each([
    {
      deploy: { event: 'push' },
      yes: [push('main'), push('a/b')],
      no: [tag('v1'), { event: 'pr', branch: 'main' }],
    },
    { deploy: { event: 'tag' }, yes: [tag('v1')], no: [push('main')] },
    { deploy: { event: 'pr' }, yes: [{ event: 'pr', branch: 'x' }], no: [push('x')] },
    {
      deploy: { event: 'push', branch: 'main' },
      yes: [push('main')],
      no: [push('main2'), push('feature/main'), { event: 'pr', branch: 'main' }],
    },
    {
      deploy: { event: 'push', branch: '{main,master}' },
      yes: [push('main'), push('master')],
      no: [push('dev')],
    },
    // Defect 1: a negated glob over tags excludes as well as it includes.
    { deploy: { event: 'tag', tag: 'v*' }, yes: [tag('v1'), tag('v1/rc')], no: [tag('x1')] },
    { deploy: { event: 'tag', tag: '!v*' }, yes: [tag('x1')], no: [tag('v1'), tag('v1/rc')] },
    { deploy: { event: 'tag', tag: '!v1' }, yes: [tag('v2')], no: [tag('v1')] },
    {
      deploy: { event: 'push', branch: '!{main,master}' },
      yes: [push('dev'), push('main/x')],
      no: [push('main'), push('master')],
    },
    {
      deploy: { event: 'push', branch: '!feature/*' },
      yes: [push('main')],
      no: [push('feature/a/b')],
    },
    // Defect 5: `*` crosses `/`.
    {
      deploy: { event: 'push', branch: 'feature/*' },
      yes: [push('feature/a'), push('feature/a/b')],
      no: [push('feature'), push('xfeature/a')],
    },
    {
      deploy: { event: 'push', commitMessagePatterns: ['*[deploy web]*', '*[deploy all]*'] },
      yes: [commit('fix\n\n[deploy web] now'), commit('[deploy all]'), commit('[DEPLOY: ALL] x')],
      no: [commit('d'), commit('deploy web'), commit('')],
    },
    {
      deploy: { commitMessagePatterns: ['!*[skip]*'] },
      yes: [commit('fix')],
      no: [commit('fix [skip]')],
    },
    {
      deploy: [
        { event: 'push', branch: 'main' },
        { event: 'tag', tag: 'v*' },
      ],
      yes: [push('main'), tag('v1')],
      no: [push('dev'), tag('x')],
    },
  ])('$deploy fires for what fits all of it, and for nothing else', ({ deploy, yes, no }) => {
    expect((yes as object[]).filter((version) => !fires(deploy, version))).toEqual([])
    expect((no as object[]).filter((version) => fires(deploy, version))).toEqual([])
  })

  test.each([
    {
      deploy: { branch: 'main' },
      why: 'deploy.branch counts only beside event: push or event: pr; add one of them',
    },
    {
      deploy: { event: 'tag', branch: 'main' },
      why: 'event is "push", the rule wants "tag"; deploy.branch counts only beside event: push or event: pr; add one of them',
    },
    {
      deploy: { event: 'push', tag: 'v1' },
      why: 'deploy.tag counts only beside event: tag; add it',
    },
    {
      deploy: { event: 'push', branch: 'feature/*' },
      why: 'branch is "main", the pattern is "feature/*"',
    },
    { deploy: { event: 'pr' }, why: 'event is "push", the rule wants "pr"' },
    {
      deploy: { commitMessagePatterns: ['*[go]*'] },
      why: 'the commit message begins with "fix: a" and fits none of ["*[go]*"]',
    },
    {
      deploy: [{ event: 'pr' }, { event: 'tag' }],
      why: 'event is "push", the rule wants "pr"; or event is "push", the rule wants "tag"',
    },
  ])('$deploy that does not fire says why', ({ deploy, why }) => {
    expect(asked(deploy, commit('fix: a\n\nbody'))).toMatchObject({ fires: false, why })
  })

  test('of a pull request, branch is what CI wrote there', () => {
    const gimlet = { event: 'pr', branch: 'fix/x', sourceBranch: 'fix/x', targetBranch: 'main' }
    const draft = { event: 'pr', branch: 'main', sourceBranch: 'fix/x', targetBranch: 'main' }
    const of = (branch: string) => ({ event: 'pr', branch })
    expect([fires(of('fix/*'), gimlet), fires(of('main'), gimlet)]).toEqual([true, false])
    expect([fires(of('fix/*'), draft), fires(of('main'), draft)]).toEqual([false, true])
  })

  test('is explained as any policy: every condition, held or not, with the value', () => {
    const { trace } = asked({ event: 'push', branch: 'main' }, push('feature/x'))
    expect(explainTrace(trace ? [trace] : [])).toEqual([
      '- manifest.deploy (trigger): deploy in web.yaml — branch is "feature/x", the pattern is "main"',
      '  when',
      '    ✗ all of',
      '      ✓ event == "push"  (it is "push")',
      '      ✗ branch matches "main"  (it is "feature/x")',
    ])
  })

  test.each([
    {
      rules: { deploy: { event: 'pull' } },
      message: 'deploy.event: must be push, tag or pr; there is no event "pull"',
    },
    {
      rules: { deploy: { event: 'push', branch: '{main' } },
      message:
        'deploy.branch: "{main": the pattern leaves a brace open: write {one,other}, or \\{ for a {',
    },
    {
      rules: { deploy: { event: 'tag', tag: '!' } },
      message: 'deploy.tag: "!": the pattern is empty: write * to match everything',
    },
    {
      rules: { deploy: { event: 'push', branch: 1.1 } },
      message: 'deploy.branch: must be text; put quotes around it',
    },
    {
      rules: { deploy: { event: 'push', brach: 'main' } },
      message:
        'deploy: there is no key "brach"; it must be a mapping of event, branch, tag and commitMessagePatterns',
    },
    {
      rules: { deploy: 'main' },
      message: 'deploy: must be a mapping of event, branch, tag and commitMessagePatterns',
    },
    {
      rules: { deploy: [{ event: 'tag' }, { event: 'x' }] },
      message: 'deploy.1.event: must be push, tag or pr; there is no event "x"',
    },
    {
      rules: { deploy: { commitMessagePatterns: '*x*' } },
      message: 'deploy.commitMessagePatterns: must be a list of patterns, such as ["*[deploy]*"]',
    },
    {
      rules: { deploy: { commitMessagePatterns: ['a}'] } },
      message:
        'deploy.commitMessagePatterns.0: "a}": the pattern closes a brace that is not open: write \\} for a }',
    },
    {
      rules: { cleanup: { event: 'merged', branch: '*', app: 'web' } },
      message: 'cleanup.event: must be branchDeleted; there is no event "merged"',
    },
    {
      rules: { cleanup: { event: 'branchDeleted', branch: 'a\\', app: 'web' } },
      message: 'cleanup.branch: "a\\\\": the pattern ends in a backslash: write \\\\ for one',
    },
    { rules: { cleanup: 'x' }, message: 'cleanup: must be a mapping of event, branch and app' },
  ])('$rules is refused with what to write', ({ rules, message }) => {
    expect(refusalOf(manifestWithRules(rules))).toBe(`web.yaml: ${message}`)
  })

  test('a pattern without quotes, which is a tag in YAML, is refused in a file', () => {
    const head = 'app: web\nenv: staging\nmanifests: |\n  kind: Service\n'
    const load = (text: string) =>
      loadManifests({ version: 'v1', files: new Map([['a.yaml', head + text]]) })
    const { problems, manifests } = load('deploy:\n  event: push\n  branch: !main\n')
    expect(manifests).toEqual([])
    expect(problems[0]?.message).toContain('put quotes around the value')
    const quoted = load('deploy:\n  event: push\n  branch: "!main"\n')
    expect(quoted.problems).toEqual([])
    expect(quoted.manifests[0]?.deploy).toMatchObject([{ event: 'push', branch: '!main' }])
  })
})

describe('cleanup', () => {
  const wants = (branch: string, gone: string) => {
    const { file, cleanup } = withRules({ cleanup: { event: 'branchDeleted', branch, app: 'web' } })
    return cleanup && askCleanup({ file, cleanup }, gone).outcome === 'holds'
  }

  // Defect 2: a negated pattern is about the branch that is gone, and leaves out what it names.
  test.each([
    { branch: '*', yes: ['main', 'a/b'], no: [] },
    { branch: 'feature/*', yes: ['feature/a', 'feature/a/b'], no: ['main'] },
    { branch: '!main', yes: ['dev', 'main/x'], no: ['main'] },
    { branch: '!{main,release/*}', yes: ['dev'], no: ['main', 'release/1/2'] },
  ])('branch $branch is asked in both directions', ({ branch, yes, no }) => {
    expect(yes.filter((gone) => !wants(branch, gone))).toEqual([])
    expect(no.filter((gone) => wants(branch, gone))).toEqual([])
  })

  test.each([
    {
      cleanup: { event: 'branchDeleted', branch: '*' },
      why: 'cleanup.app is missing; without it nothing is deleted',
    },
    {
      cleanup: { event: 'branchDeleted', branch: '', app: 'web' },
      why: 'cleanup.branch is missing; without it nothing is deleted',
    },
  ])('$cleanup deletes nothing, and says so', ({ cleanup, why }) => {
    const read = withRules({ cleanup })
    expect(read.cleanup && askCleanup({ file: '', cleanup: read.cleanup }, 'main')).toMatchObject({
      outcome: 'skipped',
      problem: why,
    })
  })
})

const anyPattern = fc.string({
  unit: fc.constantFrom(...'ab*?{},\\!['),
  minLength: 1,
  maxLength: 12,
})
const anyName = fc.string({ unit: fc.constantFrom(...'ab/!*[é'), minLength: 1, maxLength: 10 })

test('!p fires exactly when p does not, for any branch, tag and deleted branch', () => {
  fc.assert(
    fc.property(anyPattern, anyName, (pattern, name) => {
      fc.pre(!isRefusal(compileGlob(pattern)))
      const rules = [
        (one: string) => fires({ event: 'push', branch: one }, push(name)),
        (one: string) => fires({ event: 'tag', tag: one }, tag(name)),
        (one: string) => {
          const { cleanup } = withRules({ cleanup: { branch: one, app: 'web' } })
          return cleanup && askCleanup({ file: '', cleanup }, name).outcome === 'holds'
        },
      ]
      for (const rule of rules) expect(rule(`!${pattern}`)).toBe(!rule(pattern))
    }),
  )
})

test('a message pattern that is taken answers yes or no to any message (defect 3)', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.string({ unit: 'binary' }), (pattern, message) => {
      const read = manifestWithRules({ deploy: { commitMessagePatterns: [pattern] } })
      if (isRefusal(read)) return
      const said = askDeploy(read, { ...versionWith({}), message })?.outcome
      expect(['holds', 'skipped']).toContain(said)
    }),
  )
})
