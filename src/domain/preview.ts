import { dnsLabel, labelCharactersMax } from './names.ts'

/** How long a preview stays when its manifest does not say. */
export const previewDays = 14

/** Of a manifest that is for pull requests: which of them get a preview, and for how long. */
export type PreviewRule = {
  /** The label that a pull request must carry; `null` asks for none. */
  readonly label: string | null
  /** A preview is cleaned up when its artifact is this old. */
  readonly days: number
}

/** The branch that a preview is of, and the app that its manifest names. */
export type PreviewOf = { readonly app: string; readonly branch: string }

const hashCharacters = 8

/**
 * The names that a preview may have, the one to prefer first: `web-fix-login`, and the same with a
 * hash of app and branch, for when another branch has the first or it is longer than a DNS label.
 */
export function previewNames({ app, branch }: PreviewOf): readonly string[] {
  const label = dnsLabel(branch)
  const plain = `${app}-${label}`
  const hashed = hashedName(plain, `${app}\n${branch}`)
  return label !== '' && plain.length <= labelCharactersMax ? [plain, hashed] : [hashed]
}

/** The beginning of a name with a hash of what it stands for: at most as long as a DNS label, or as said. */
export function hashedName(name: string, of: string, charactersMax = labelCharactersMax): string {
  const start = name.slice(0, charactersMax - hashCharacters - 1).replace(/-+$/, '')
  return `${start}-${hash(of)}`
}

/** FNV-1a of 64 bits (draft-eastlake-fnv), shortened: it tells names apart and protects nothing. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text))
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n)
  return value.toString(36).padStart(hashCharacters, '0').slice(-hashCharacters)
}
