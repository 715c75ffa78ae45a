import { isText, type Leaf, leaf, unreadable } from './object-value.ts'

const imageCharsMax = 1_024
const host = /^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?$/
const path = /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/
const tagPattern = /^\w[\w.-]*$/
const digestPattern = /^[A-Za-z0-9]+(?:[.+_-][A-Za-z0-9]+)*:[0-9a-fA-F]{32,}$/

/** The facts about a container's image. Of what is no image, only the text can be read. */
export function imageFacts(image: unknown): Record<string, Leaf | undefined> {
  const parts = isText(image) && image.length <= imageCharsMax ? partsOf(image) : undefined
  if (parts === undefined) return { ...unreadableParts, image: leaf('string', image) }
  const { tag, digest } = parts
  const isLatest = tag === 'latest' || (tag === undefined && digest === undefined)
  return { image: leaf('string', image), ...parts, isLatest }
}

const unreadableParts = {
  registry: unreadable,
  repository: unreadable,
  tag: unreadable,
  digest: unreadable,
  isLatest: unreadable,
}

type Parts = {
  readonly registry: string
  readonly repository: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

function partsOf(image: string): Parts | undefined {
  const [tagged = '', digest, ...more] = image.split('@')
  const colon = tagged.lastIndexOf(':')
  const hasTag = colon > tagged.lastIndexOf('/')
  const tag = hasTag ? tagged.slice(colon + 1) : undefined
  const { registry, repository } = placeOf(hasTag ? tagged.slice(0, colon) : tagged)
  const isImage =
    more.length === 0 &&
    host.test(registry) &&
    path.test(repository) &&
    (tag === undefined || tagPattern.test(tag)) &&
    (digest === undefined || digestPattern.test(digest))
  return isImage ? { registry, repository, tag, digest } : undefined
}

/** Splits a name as container runtimes do: what comes first is a registry only if it looks like one. */
function placeOf(name: string): { readonly registry: string; readonly repository: string } {
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(slash, 0))
  const isRegistry = first === 'localhost' || /[.:A-Z]/.test(first)
  const registry = !isRegistry || first === 'index.docker.io' ? 'docker.io' : first
  const rest = isRegistry ? name.slice(slash + 1) : name
  const isOfficial = registry === 'docker.io' && !rest.includes('/')
  return { registry, repository: isOfficial ? `library/${rest}` : rest }
}
