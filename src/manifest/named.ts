import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { appNameOf } from './app-name.ts'
import type { Manifest } from './manifest.ts'
import type { Variables } from './variables.ts'

/** A manifest with the name that its app has with these variables; of them `APP` is not known yet. */
export function named(manifest: Manifest, variables: Variables): Manifest | Refusal {
  const { appTemplate, file } = manifest
  if (appTemplate === null) return manifest
  const known = new Map(variables)
  known.delete('APP')
  const app = appNameOf(appTemplate, known)
  return isRefusal(app) ? refuse(app.code, `${file}: app: ${app.message}`) : { ...manifest, app }
}
