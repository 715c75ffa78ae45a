/** What a secret becomes wherever it would be written. */
const redacted = '[redacted]'

/** Tokens of ours, and tokens in query strings, whoever made them. */
const tokenShapes = /gimlet_[\w-]{40,}|(?<=access_token=)[^&"\s]+|(?<=Basic |Bearer )[\w+/=.-]{8,}/g

/** Takes these secrets, and whatever looks like a token, out of a line of JSON. */
export function redactor(secrets: readonly string[]): (line: string) => string {
  // In the JSON of a line a secret stands escaped; the longest first, for one may hold another.
  const values = secrets
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .sort((a, b) => b.length - a.length)
  return (line) =>
    values
      .reduce((text, value) => text.replaceAll(value, redacted), line)
      .replaceAll(tokenShapes, redacted)
}
