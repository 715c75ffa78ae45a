/** A git commit id: 40 lower-case hexadecimal characters. */
export type Sha = string

/** RFC 1123 label: lower-case letters, digits and inner dashes, at most 63 characters. */
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const artifactId = /^[A-Za-z0-9](?:[A-Za-z0-9._@:+-]|\/(?=[A-Za-z0-9])){0,249}$/
const repository = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]|\/(?=[A-Za-z0-9_])){0,199}$/
const fullSha = /^[0-9a-f]{40}$/
const shaPrefix = /^[0-9a-f]{7,40}$/

/** The longest name of an app, an environment or a namespace (RFC 1123). */
export const labelCharactersMax = 63

/** What a name must look like, for the sentence that refuses one. */
export const labelRule =
  'a lower-case DNS label: letters, digits and inner dashes, at most 63 characters'

/** True for a name that an app, an environment or a namespace may have (RFC 1123 label). */
export const isLabel = (name: string): boolean => label.test(name)

/** True for an artifact id: 250 safe characters at most, and no `..` or empty path part. */
export const isArtifactId = (id: string): boolean => artifactId.test(id) && !id.includes('..')

/** True for a repository name, with or without owner, such as `owner/example-service`. */
export const isRepository = (name: string): boolean => repository.test(name) && !name.includes('..')

/** True for a whole commit id. */
export const isSha = (text: string): text is Sha => fullSha.test(text)

/** True for a commit id that may be abbreviated to 7 characters (git's own default). */
export const isShaPrefix = (text: string): boolean => shaPrefix.test(text)

/** True when a git address ends in the name of a repository: `git@github.com:acme/gitops.git`. */
export function isAddressOf(address: string, repositoryName: string): boolean {
  const [, name = ''] = /([^/:]+\/[^/:]+?)(?:\.git)?\/*$/.exec(address) ?? []
  return name.toLowerCase() === repositoryName.toLowerCase()
}

/** The last part of a repository's name: `owner/example-service` is `example-service`. */
export const lastPart = (repositoryName: string): string =>
  repositoryName.slice(repositoryName.lastIndexOf('/') + 1)

/**
 * Any text as what a DNS label is made of: lower case, and a dash for everything else. GimletD's
 * `sanitizeDNSName`; it may come to nothing.
 */
export function dnsLabel(text: string, charactersMax = Number.POSITIVE_INFINITY): string {
  const dashed = text.toLowerCase().replaceAll(/[^a-z0-9]/gu, '-')
  return dashed.replace(/^-+/, '').slice(0, charactersMax).replace(/-+$/, '')
}
