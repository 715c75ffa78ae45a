import { createPrivateKey } from 'node:crypto'
import type { GithubConfig } from '../config.ts'

/** Where GitHub gives the key. */
export const privateKeyFrom = 'generate one in the app’s settings under Private keys'

/** What is wrong with the settings so that GitHub cannot even be asked; `null` when it can. */
export function setUpProblem({ privateKey, baseUrl }: GithubConfig): string | null {
  const host = baseUrl === undefined ? 'github.com' : hostOf(baseUrl)
  if (host === null)
    return 'GHE_HOST is not the name of a host; write it without https:// and path, such as github.example.com'
  return isRsaKey(privateKey)
    ? null
    : `PRIVATE_KEY is no whole RSA key: its lines may be cut; copy the .pem file again, or ${privateKeyFrom}`
}

/** `null` for an address that names another host than who wrote it meant. */
function hostOf(baseUrl: string): string | null {
  const [, written] = /^https?:\/\/([A-Za-z0-9.-]+(?::\d{1,5})?)\/api\/v3$/.exec(baseUrl) ?? []
  return written ?? null
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

/** Where GitHub's API is, for people. */
export const apiAddress = ({ baseUrl }: GithubConfig): string =>
  baseUrl === undefined ? 'https://api.github.com' : baseUrl.replace(/\/api\/v3$/, '')
