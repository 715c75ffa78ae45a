const armor =
  /^-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----/
const magic = 'openssh-key-v1\0'
/** Those whose signatures are always the same: a commit that is made again keeps its id. */
const steady = ['ssh-ed25519', 'ssh-rsa']

/** Why the text of a key file cannot sign without a person; undefined when it may. */
export function keyProblem(text: string): string | undefined {
  const key = headerOf(text)
  if (!key) return 'it is no OpenSSH private key; make one with ssh-keygen -t ed25519 -N ""'
  if (key.cipher !== 'none')
    return 'it has a passphrase, which nobody is there to type; take it off with ssh-keygen -p -N ""'
  if (!steady.includes(key.type))
    return `its type is ${key.type}, whose signatures are never the same twice; take an ed25519 key`
  return undefined
}

/** What stands in front of the secret part: four byte lengths, and what they are of. */
function headerOf(text: string): { cipher: string; type: string } | undefined {
  const bytes = Buffer.from(armor.exec(text)?.[1] ?? '', 'base64')
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined
  let at = magic.length
  const field = () => {
    const begin = at + 4
    at = begin + bytes.readUInt32BE(at)
    return bytes.toString('latin1', begin, at)
  }
  try {
    const [cipher] = [field(), field(), field()]
    // The number of keys, and the length of the public one, which begins with its type.
    at += 8
    return { cipher, type: field() }
  } catch {
    return undefined
  }
}
