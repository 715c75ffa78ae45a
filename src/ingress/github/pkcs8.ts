const pkcs1 = /-----BEGIN RSA PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END RSA PRIVATE KEY-----/

/** What stands before an RSA key in PKCS#8 (RFC 5208): version 0, and its kind with no parameters. */
const head = [
  ...[0x02, 0x01, 0x00],
  ...[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00],
]

/**
 * A key as GitHub hands it out, in PKCS#1, in the form that every runtime takes: WebCrypto knows PKCS#8
 * only. What is no such key stays as it is; whoever uses it says what is wrong.
 */
export function pkcs8(pem: string): string {
  const key = bytesOf(pkcs1.exec(pem)?.[1])
  if (key === undefined) return pem
  const whole = Uint8Array.from(element(0x30, [...head, ...element(0x04, key)]))
  const lines = btoa(String.fromCharCode(...whole)).match(/.{1,64}/g) ?? []
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n')
}

function bytesOf(base64: string | undefined): readonly number[] | undefined {
  if (base64 === undefined) return undefined
  try {
    return Array.from(atob(base64.replaceAll(/\s/g, '')), (one) => one.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** One element of DER: what it is, how long it is, and itself. */
function element(tag: number, content: readonly number[]): number[] {
  const { length } = content
  if (length < 0x80) return [tag, length, ...content]
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return [tag, ...size, ...content]
}
