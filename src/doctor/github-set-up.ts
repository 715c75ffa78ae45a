import { createPrivateKey } from 'node:crypto'
import type { GithubConfig } from '../config.ts'

/** Where GitHub gives the key. */
export const privateKeyFrom = 'generate one in the app’s settings under Private keys'

/** What is wrong with the settings so that GitHub cannot even be asked; `null` when it can. */
export const setUpProblem = ({ privateKey }: GithubConfig): string | null =>
  isRsaKey(privateKey)
    ? null
    : `PRIVATE_KEY is no whole RSA key: its lines may be cut; copy the .pem file again, or ${privateKeyFrom}`

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
