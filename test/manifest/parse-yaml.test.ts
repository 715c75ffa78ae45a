import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { isRefusal } from '../../src/domain/fault.ts'
import { parseYaml } from '../../src/manifest/parse-yaml.ts'
import { kubernetesProgram } from '../support/kubernetes-programs.ts'
import { refusalOf } from './support.ts'

const kubectl = kubernetesProgram('kubectl')
const breaks = ['\r', '\u0085', '\u2028', '\u2029']
/** A comment, in which a field is hidden behind a character. */
const hidden = (character: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  x: "1" # c${character}  z: "2"\n`

test('A13, A20: what ends a line for Kubernetes and not for us is refused', () => {
  for (const character of breaks)
    expect(refusalOf(parseYaml(hidden(character)))).toMatch(/^line 5, column 13: /)
  for (const text of ['a: 1\r\nb: 2\r\n', 'a: "\\u2028\\r\\x85"\n'])
    expect(isRefusal(parseYaml(text))).toBe(false)
})

test.skipIf(kubectl === null)('A13: and that is what ends a line for Kubernetes', () => {
  for (const character of breaks) {
    const args = ['patch', '--local', '-f', '-', '--type', 'json', '-p', '[]', '-o', 'json']
    const { stdout } = spawnSync(String(kubectl), args, {
      input: hidden(character),
      encoding: 'utf8',
    })
    expect(JSON.parse(stdout).data).toEqual({ x: '1', z: '2' })
  }
})
