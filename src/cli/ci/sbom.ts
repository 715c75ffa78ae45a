import { createHash } from 'node:crypto'
import { type Refusal, refuse } from '../../domain/fault.ts'
import type { Item } from './items.ts'

/** A bill of materials that was read: its format, and the digest that proves it is the same one. */
export function sbomItem(text: string, url: string): Item | Refusal {
  const format = formatOf(text)
  if (format === undefined)
    return refuse('invalid', 'it is neither CycloneDX nor SPDX: give one of these')
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { name: 'sbom', format, ...(url && { url }), sha256 }
}

/** A bill of materials that only its address tells of. */
export function sbomLink(url: string): Item {
  const path = new URL(url).pathname.toLowerCase()
  const format = /\.cdx\.|cyclonedx|\/bom\.(?:json|xml)$/.test(path)
    ? 'cyclonedx'
    : path.includes('spdx') && 'spdx'
  return { name: 'sbom', ...(format && { format }), url }
}

function formatOf(text: string): 'cyclonedx' | 'spdx' | undefined {
  if (/^SPDXVersion:/m.test(text.slice(0, 4_096))) return 'spdx'
  if (/<bom[^>]{1,2000}cyclonedx\.org\/schema\/bom/.test(text.slice(0, 4_096))) return 'cyclonedx'
  try {
    const json = JSON.parse(text) as Readonly<Record<string, unknown>> | null
    if (json?.bomFormat === 'CycloneDX') return 'cyclonedx'
    const isSpdx3 = JSON.stringify(json?.['@context'] ?? '').includes('spdx.org/rdf/3')
    return typeof json?.spdxVersion === 'string' || isSpdx3 ? 'spdx' : undefined
  } catch {
    return undefined
  }
}
