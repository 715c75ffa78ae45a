import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dnsLabel, isLabel, labelCharactersMax } from '../../src/domain/names.ts'
import { appNameOf, fixedName } from '../../src/manifest/app-name.ts'
import { loadManifests } from '../../src/manifest/manifest-set.ts'
import { refusalOf } from './support.ts'

const template = 'web-{{ .BRANCH | sanitizeDNSName }}'
const nameOf = (branch: string, text = template) => appNameOf(text, new Map([['BRANCH', branch]]))

const branch = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 }),
  fc.string({ unit: fc.constantFrom(...'aB9/_.-é'), minLength: 1, maxLength: 80 }),
)

describe('an app with variables in its name', () => {
  test.each([
    { branch: 'feature/Login', name: 'web-feature-login' },
    { branch: '功能', name: 'web-#' },
    { branch: 'x'.repeat(80), name: `web-${'x'.repeat(50)}-#` },
  ])('is $name for $branch', ({ branch, name }) => {
    expect(String(nameOf(branch)).replace(/-[0-9a-z]{8}$/, '-#')).toBe(name)
  })

  test('has a DNS label as its name, for any branch', () => {
    fc.assert(fc.property(branch, (one) => isLabel(String(nameOf(one)))))
  })

  test('never has the name of another branch, unless both come to the same label', () => {
    fc.assert(
      fc.property(branch, branch, (one, other) => {
        const [label, otherLabel] = [dnsLabel(one), dnsLabel(other)]
        fc.pre(one !== other)
        const isSame = label === otherLabel && label !== ''
        if (isSame && `web-${label}`.length <= labelCharactersMax) return
        expect(nameOf(one)).not.toBe(nameOf(other))
      }),
    )
  })

  test.each([
    {
      text: 'web-{{ .BRANCH }}',
      message:
        'it comes to "web-a/b", which is no name; write {{ .BRANCH | sanitizeDNSName }} for a branch, so that it is a lower-case DNS label: letters, digits and inner dashes, at most 63 characters',
    },
    { text: 'web-{{ .APP }}', message: '{{ .APP }}: unknown variable APP' },
    { text: '{{ .BRANCH | trunc 0 }}', message: 'it comes to ""' },
  ])('$text is refused with what to write', ({ text, message }) => {
    expect(refusalOf(nameOf('a/b', text))).toContain(message)
  })

  test.each([
    { app: 'web', name: 'web' },
    { app: template, name: 'web' },
    { app: '{{ .BRANCH }}-web', name: '' },
  ])('$app begins with "$name"', ({ app, name }) => {
    expect(fixedName(app)).toBe(name)
  })
})

describe('in a file', () => {
  const load = (text: string) =>
    loadManifests({
      version: 'v1',
      files: new Map([
        ['a.yaml', `${text}manifests: |\n  kind: Service\n  metadata: { name: "{{ .APP }}" }\n`],
      ]),
    })

  test('it is kept apart from those with a fixed name', () => {
    const set = load(`app: "${template}"\nenv: preview\n`)
    expect(set).toMatchObject({ problems: [], manifests: [], previews: [] })
    expect(set.templated).toMatchObject([{ app: template, appTemplate: template }])
  })

  test.each([
    {
      name: 'an expression that is not understood',
      text: 'app: "web-{{ .BRANCH"\nenv: preview\n',
      message: 'a.yaml: app: {{ .BRANCH: "{{" without "}}"',
    },
    {
      name: 'a preview, which has its branch’s name anyway',
      text: `app: "${template}"\nenv: preview\npreview: true\n`,
      message: 'a.yaml: app: a preview has the name of its branch by itself; write app: web',
    },
    {
      name: 'a label of pull requests beside deploy',
      text: 'app: web\nenv: preview\npreview: { label: show }\ndeploy: { event: push }\n',
      message: 'a.yaml: preview.label: one with `deploy` needs no pull request',
    },
  ])('refuses $name', ({ text, message }) => {
    expect(load(text).problems[0]?.message).toContain(message)
  })
})
