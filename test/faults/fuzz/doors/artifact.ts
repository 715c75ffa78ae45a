import { readFileSync } from 'node:fs'
import { type NewArtifact, parseArtifact } from '../../../../src/domain/artifact.ts'
import { isRefusal } from '../../../../src/domain/fault.ts'
import { canonicalJson } from '../../../../src/domain/json.ts'
import { broken, type Door, same } from '../fuzz.ts'
import { isSafePath } from './names.ts'
import { refused } from './said.ts'

/** What CI posts to `/api/artifact`. */
export const artifactDoor: Door = {
  name: 'artifact',
  about: 'A4, A6, A12, A19: what CI posts as an artifact',
  form: 'json',
  words: ['pr', 'tag', 'push', 'items', 'artifacts', 'name', 'sha', '{{ .APP }}', 'owner/web'],
  seeds: ['test/fixtures/render/artifact.json', 'examples/artifact.json'].map(
    (file) => JSON.parse(readFileSync(file, 'utf8')) as unknown,
  ),
  take(input) {
    const read = parseArtifact(input)
    if (isRefusal(read)) return refused(read)
    same(parseArtifact(JSON.parse(JSON.stringify(ofOwn(read)))), read, 'read again')
    if (canonicalJson(read) !== canonicalJson(structuredClone(read))) broken('it has no one form')
    const { id, version, environments } = read
    const names = [id ?? 'x', ...version.repositoryName.split('/')]
    if (!names.every(isSafePath)) broken(`it has the name ${JSON.stringify(names)}`)
    for (const { app, env } of environments)
      if (!isSafePath(env) || (!app.includes('{{') && !isSafePath(app)))
        broken(`it goes to ${JSON.stringify([env, app])}`)
    return `taken ${version.event}`
  },
}

/** As it would be posted: no id is given as none. */
function ofOwn({ id, ...rest }: NewArtifact): object {
  return id === null ? rest : { id, ...rest }
}
