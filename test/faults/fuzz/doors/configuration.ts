import { type Config, readConfig } from '../../../../src/config.ts'
import { broken, type Door } from '../fuzz.ts'
import { isGitBranch, isPlainLabel } from './names.ts'
import { gist } from './said.ts'

type Texts = { readonly environment: string; readonly file: string; readonly github: string }

/** What the server is told: the environment, and the files `gimlet.yaml` and `github.yaml`. */
export const configurationDoor: Door = {
  name: 'configuration',
  about: 'A15, A19: the environment and the two files that the server is set by',
  form: 'texts',
  share: 0.3,
  words: [
    'GITOPS_REPO: ',
    'GITOPS_REPOS: ',
    'GITOPS_BRANCH: ',
    'PORT: ',
    'GIMLET_URL: ',
    'POLICIES: ',
    'SLACK_CHANNEL: ',
    'APP_ID: ',
    '&a ',
    '*a',
    '!!binary ',
    '!!set ',
    '!!omap ',
    'ext::sh',
    'https://user:pw@host/',
    '[x, y]',
    '|\n  ',
  ],
  take(input) {
    const { environment, file, github } = input as Texts
    const config = readConfig(pairsOf(environment), file, github === '' ? null : github)
    if (!('problems' in config)) return configured(config)
    if (config.problems.length === 0 || config.problems.includes(''))
      broken('it says no and not why')
    return config.problems
      .map((one) => gist(one).slice(0, 30))
      .slice(0, 2)
      .join(' ')
  },
}

const pairsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split('\n').map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )

/** What is taken is safe to give to git, to listen on and to write to. */
function configured({ port, gitops, leaseMs, url, github }: Config): string {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) broken(`the port ${port}`)
  if (!(leaseMs >= 1_000 && leaseMs <= 999_000)) broken(`a lease of ${leaseMs} ms`)
  if (url !== null && !/^https?:$/.test(new URL(url).protocol)) broken(`the address ${url}`)
  for (const { branch, url: address, environments } of gitops.repositories) {
    if (!isGitBranch(branch)) broken(`the branch ${JSON.stringify(branch)}`)
    if (!environments.names.every(isPlainLabel)) broken(`the environments ${environments.names}`)
    if (address !== null && /^-|^ext::|[\p{Cc}\s]|:\/\/[^/]*:[^/]*@/iu.test(address))
      broken(`the repository ${JSON.stringify(address)}`)
  }
  if (github && !github.secrets.every((one) => one.length >= 8)) broken('a short secret')
  return `taken ${gitops.repositories.length} ${url !== null} ${github !== null}`
}
