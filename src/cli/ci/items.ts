import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'

/** One thing that a build made or found: contract, section 3. */
export type Item = Readonly<Record<string, string | number>>

/** `name=value`, split at the first `=`. Answers a refusal that names the flag. */
export function pairOf(flag: string, text: string): readonly [string, string] | Refusal {
  const equals = text.indexOf('=')
  return equals > 0
    ? [text.slice(0, equals), text.slice(equals + 1)]
    : refuse('invalid', `--${flag} is name=value, not ${text}`)
}

/** The fields of one item, from several `name=value`. */
export function fieldsItem(texts: readonly string[]): Item | Refusal {
  const pairs = texts.map((text) => pairOf('field', text))
  const wrong = pairs.find(isRefusal)
  return wrong ?? Object.fromEntries(pairs as readonly (readonly [string, string])[])
}

/** `[name=]REPOSITORY[:TAG][@DIGEST]`; without a name it is the image, `image`. */
export function imageItem(text: string): Item | Refusal {
  const [, name = 'image', reference = ''] = /^(?:([A-Za-z0-9_.-]+)=)?(.*)$/s.exec(text) ?? []
  const [, repository, tag, digest] =
    /^([a-z0-9][\w.-]*(?::\d+(?=\/))?(?:\/[\w.-]+)*)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/i.exec(
      reference,
    ) ?? []
  if (repository === undefined)
    return refuse(
      'invalid',
      `--image is name=REPOSITORY:TAG@DIGEST, such as image=registry.example.com/web:1.2 with sha256:… as the digest, not ${text}`,
    )
  return { name, repository, ...(tag && { tag }), ...(digest && { digest: digest.toLowerCase() }) }
}

/** `name=URL`. */
export function linkItem(text: string): Item | Refusal {
  const pair = pairOf('link', text)
  if (isRefusal(pair)) return pair
  const [name, url] = pair
  return isWeb(url) ? { name, url } : refuse('invalid', `--link is name=https://…, not ${text}`)
}

/** True for a link that a browser may follow. */
export const isWeb = (url: string): boolean => /^https?:\/\/[^\s]+$/.test(url) && URL.canParse(url)
