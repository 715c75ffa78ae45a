import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../src/domain/fault.ts'
import { fill, variablesOf } from '../../src/manifest/variables.ts'
import { artifactWith, refusalOf } from './support.ts'

const target = { app: 'web', env: 'staging', namespace: 'default', actor: 'alice' }

describe('variablesOf', () => {
  test('fields of items are flat and by item, and the last of a name wins', () => {
    const variables = variablesOf(
      artifactWith({
        items: [
          { name: 'ci', jobUrl: 'https://ci.example.com/84', attempt: 2, passed: true, steps: [1] },
          { name: 'image', repository: 'quay.io/example', tag: '1.10' },
        ],
      }),
      target,
    )
    expect(variables.get('name')).toBe('image')
    expect(variables.get('tag')).toBe('1.10')
    expect(variables.get('ci.name')).toBe('ci')
    expect(variables.get('image.tag')).toBe('1.10')
    expect(variables.get('ci.attempt')).toBe('2')
    expect(variables.get('passed')).toBeUndefined()
    expect(variables.get('steps')).toBeUndefined()
  })

  test('an item’s field wins over the context, and a built-in name over both', () => {
    const variables = variablesOf(
      artifactWith({
        context: { tag: 'context', CI: 'true', APP: 'context', ACTOR: 'mallory' },
        items: [{ name: 'image', tag: 'item', ENV: 'item' }],
      }),
      target,
    )
    expect(variables.get('tag')).toBe('item')
    expect(variables.get('CI')).toBe('true')
    expect(variables.get('APP')).toBe('web')
    expect(variables.get('ENV')).toBe('staging')
    expect(variables.get('ACTOR')).toBe('alice')
  })

  const url = 'https://example.com/owner/web/pull/12'
  test.each([
    { name: 'REPO', version: {}, want: 'owner/web' },
    { name: 'OWNER', version: {}, want: 'owner' },
    { name: 'OWNER', version: { repositoryName: 'web' }, want: '' },
    { name: 'NAMESPACE', version: {}, want: 'default' },
    { name: 'SHA', version: {}, want: '017d995e' },
    { name: 'TAG', version: { event: 'tag', tag: 'v1.2.0' }, want: 'v1.2.0' },
    { name: 'EVENT', version: {}, want: 'push' },
    { name: 'BRANCH', version: { branch: 'main' }, want: 'main' },
    // The design draft: `branch` is where a pull request goes.
    { name: 'BRANCH', version: { pr: true, branch: 'main', source_branch: 'fix' }, want: 'fix' },
    // Gimlet's shipper: `branch` is where it comes from, `sourceBranch` where it goes.
    { name: 'BRANCH', version: { event: 'pr', branch: 'fix', sourceBranch: 'main' }, want: 'fix' },
    { name: 'PR', version: {}, want: '' },
    { name: 'PR', version: { event: 'pr', number: 7, url }, want: '7' },
    { name: 'PR', version: { event: 'pr', url }, want: '12' },
    { name: 'PR', version: { event: 'push', url }, want: '' },
  ])('$name of $version is "$want"', ({ name, version, want }) => {
    expect(variablesOf(artifactWith({ version }), target).get(name)).toBe(want)
  })

  test('names of a prototype are names like others', () => {
    const variables = variablesOf(artifactWith({ items: [{ name: 'toString', x: '1' }] }), target)
    expect(fill('{{ .toString.x }}', variables)).toBe('1')
    expect(refusalOf(fill('{{ .hasOwnProperty }}', variables))).toContain('unknown variable')
    expect(refusalOf(fill('{{ .x | toString }}', variables))).toContain('unknown function')
  })
})

describe('fill', () => {
  const variables = new Map(
    Object.entries({
      'image.tag': '1.10',
      BRANCH: 'Feature/JIRA-12_add login',
      empty: '',
      three: '3',
      on: 'true',
      long: 'a'.repeat(70_000),
      wide: 'x'.repeat(60_000),
    }),
  )

  test.each([
    { text: 'as it is', want: 'as it is' },
    { text: '', want: '' },
    { text: '{{ .image.tag }}', want: '1.10' },
    { text: '{{.image.tag}}', want: '1.10' },
    { text: 'a {{- .image.tag -}} b', want: 'a 1.10 b' },
    { text: 'app:{{ .image.tag }}-{{ .three }}', want: 'app:1.10-3' },
    { text: '{"a":{"b":"{{ .three }}"}}', want: '{"a":{"b":"3"}}' },
    { text: '{{ .BRANCH | sanitizeDNSName }}', want: 'feature-jira-12-add-login' },
    { text: '{{ "--Ä/x!" | sanitizeDNSName }}', want: 'x' },
    { text: '{{ .wide | sanitizeDNSName }}', want: 'x'.repeat(63) },
    { text: '{{ .BRANCH | lower | trunc 7 }}', want: 'feature' },
    { text: '{{ "ab" | upper }}', want: 'AB' },
    { text: '{{ "😀😀" | trunc 1 }}', want: '😀' },
    { text: '{{ .BRANCH | replace "/" "." }}', want: 'Feature.JIRA-12_add login' },
    { text: '{{ "a.b" | replace "." "$&" }}', want: 'a$&b' },
    { text: '{{ .empty | default "x" }}', want: 'x' },
    { text: '{{ .unknown | default "x" }}', want: 'x' },
    { text: '{{ .unknown | lower | default `X` }}', want: 'X' },
    { text: '{{ .three | default "x" }}', want: '3' },
    { text: '{{ .image.tag | quote }}', want: '"1.10"' },
    { text: '{{ "a\\tb" }}', want: 'a\tb' },
    { text: '{{ "{{" }} .x }}', want: '{{ .x }}' },
    { text: '{{ "}}" }}', want: '}}' },
    { text: '{{ .three | int }}', want: 3 },
    { text: '{{ "-9007199254740991" | int }}', want: Number.MIN_SAFE_INTEGER },
    { text: '{{ .unknown | default 4 | int }}', want: 4 },
    { text: '{{ .on | bool }}', want: true },
    { text: '{{ "false" | bool }}', want: false },
  ])('$text comes to $want', ({ text, want }) => {
    expect(fill(text, variables)).toBe(want)
  })

  test.each([
    {
      text: '{{ .imgae.tag }}',
      want: '{{ .imgae.tag }}: unknown variable imgae.tag; did you mean image.tag?',
    },
    {
      text: '{{ .three | sanitiseDNSName }}',
      want: '{{ .three | sanitiseDNSName }}: unknown function sanitiseDNSName; did you mean sanitizeDNSName?',
    },
    { text: '{{ .three | env }}', want: 'unknown function env' },
    { text: 'a {{ .three', want: '"{{" without "}}"' },
    { text: '{{ }}', want: 'is empty' },
    { text: '{{ $x }}', want: 'not understood' },
    { text: '{{ lower .three }}', want: 'the value comes first' },
    { text: '{{ .three .on }}', want: 'the value comes first' },
    { text: '{{ .three | }}', want: 'after | comes a function' },
    { text: '{{ .three | "x" }}', want: 'after | comes a function' },
    { text: '{{ .three | default .on }}', want: 'what follows default' },
    { text: '{{ .three | trunc }}', want: 'write it as trunc LENGTH' },
    { text: '{{ .three | trunc "x" }}', want: 'trunc takes a number' },
    { text: '{{ .three | replace "" "x" }}', want: 'not empty' },
    { text: '{{ "\\x" }}', want: 'a text as in JSON' },
    { text: '{{ .image.tag | int }}', want: '"1.10" is no whole number' },
    { text: '{{ "9007199254740992" | int }}', want: 'is no whole number' },
    { text: '{{ "007" | int }}', want: 'is no whole number' },
    { text: '{{ .three | bool }}', want: 'neither true nor false' },
    { text: 'x{{ .three | int }}', want: 'int and bool need the whole value' },
    { text: '{{ .unknown | int | default "x" }}', want: 'nothing can follow int' },
    { text: '{{ .long }}', want: 'more than 65536 characters' },
    { text: '{{ .long | trunc 3 }}', want: 'more than 65536 characters' },
    { text: '{{ .wide | replace "x" "yy" }}', want: 'more than 65536 characters' },
    { text: '{{ .wide }}'.repeat(18), want: 'at most 1048576 characters' },
    { text: `{{ .three${' | lower'.repeat(9)} }}`, want: 'at most 8 functions' },
    { text: 'a{{ "\\ud800" }}', want: 'valid Unicode' },
  ])('$text is refused', ({ text, want }) => {
    expect(refusalOf(fill(text, variables))).toContain(want)
  })

  test('no text makes it throw', () => {
    const pieces = ['{{', '}}', '"', '`', '|', ' ', '.a', '.', 'lower', '-', '\\', '9', '\n', 'é']
    const text = fc.array(fc.constantFrom(...pieces)).map((some) => some.join(''))
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (given) => {
        const filled = fill(given, variables)
        expect(isRefusal(filled) || typeof filled !== 'object').toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('a value is never filled in itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(fill('{{ .x }}', new Map([['x', `{{ .y }}${value}`]]))).toBe(`{{ .y }}${value}`)
      }),
    )
  })
})
