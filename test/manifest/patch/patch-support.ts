import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import { isRefusal, type Refusal } from '../../../src/domain/fault.ts'
import type { ObjectText } from '../../../src/manifest/object-text.ts'
import { kubernetesProgram } from '../../support/kubernetes-programs.ts'

export const kubectl = kubernetesProgram('kubectl')

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** One object of a text. */
export const objectOf = (text: string, place = 'manifests'): ObjectText => ({ text, place })

/** The texts that came out; a refusal fails the test. */
export function textsOf(objects: readonly ObjectText[] | Refusal): readonly string[] {
  if (isRefusal(objects)) throw new Error(objects.message)
  return objects.map(({ text }) => text)
}

/** What a reader of YAML 1.1 or 1.2 reads in a text of one object. */
export function readAs(version: '1.1' | '1.2', text: string): Json {
  const [document] = parseAllDocuments(text, { version, merge: true })
  return document?.toJS() as Json
}

/** How the same values are written in different ways. */
export const styles: readonly ((value: Json) => string)[] = [
  (value) => stringify(value),
  (value) => stringify(value, { indentSeq: false, defaultStringType: 'QUOTE_SINGLE' }),
  (value) => stringify(value, { collectionStyle: 'flow' }),
  (value) => `${JSON.stringify(value, null, 2)}\n`,
  (value) =>
    stringify(value, { blockQuote: false, lineWidth: 0 }).replaceAll(
      /^( *)(?=\S)/gm,
      '$1# about it\n$1',
    ),
  (value) => stringify(value).replaceAll('\n', '\r\n'),
]

type Patching = {
  readonly folder: string
  readonly type: 'strategic' | 'json'
  readonly object: Json
  readonly patch: Json
}

/** The object as `kubectl patch --local` makes it, or `null` where it refuses. */
export function patchedByKubectl({ folder, type, object, patch }: Patching): Json {
  const [file, patchFile] = [join(folder, 'object.json'), join(folder, 'patch.json')]
  writeFileSync(file, JSON.stringify(object))
  writeFileSync(patchFile, JSON.stringify(patch))
  const args = ['patch', '--local', '-f', file, '--type', type, '--patch-file', patchFile]
  const run = spawnSync(String(kubectl), [...args, '-o', 'json'], { encoding: 'utf8' })
  return run.status === 0 ? (JSON.parse(run.stdout) as Json) : null
}
