import type { Paint } from '../../messages/paint.ts'
import { table } from '../../messages/table.ts'
import type { ArtifactFile } from './artifact-file.ts'
import { type Build, fieldNames } from './build.ts'

type Tried = { readonly build: Build | null; readonly artifact: ArtifactFile | null }

/** What `--dry-run` shows: each value of the build with where it is from, and what would be posted. */
export function tryText({ build, artifact }: Tried, paint: Paint): string {
  const posted = artifact === null ? [] : ['It would post:', JSON.stringify(artifact, null, 2)]
  if (build === null) return posted.join('\n')
  const rows = fieldNames.map((name) => {
    const [value = ''] = build.values[name].split('\n', 1)
    return value === '' ? [name, '-', ''] : [name, build.from[name], value]
  })
  return [
    `This is a build of ${build.system}`,
    table(['WHAT', 'FROM', 'VALUE'], rows, paint),
    ...(posted.length > 0 ? ['', ...posted] : []),
  ].join('\n')
}
