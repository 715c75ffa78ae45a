import { resolve } from 'node:path'
import { ours, personOf } from './author.ts'

/** Where the GitOps repository is and how to be let in. */
export type Remote = {
  /** A path, or a file:, https: or ssh: URL, without credentials. */
  readonly url: string
  readonly branch: string
  readonly token?: string | undefined
  readonly sshKeyFile?: string | undefined
  /** Who commits are by, as `Name <e-mail>`. */
  readonly author?: string | undefined
  /** What commits are signed with; unsigned without. */
  readonly signingKeyFile?: string | undefined
  /** True when it is the local repository that nobody but this server looks after. */
  readonly isOurs?: boolean
  /** After how many moves of the branch the clone is tidied. */
  readonly tidyEvery?: number
}

/** What the host is shown, in words for people. */
export function credentialOf({ url, token, sshKeyFile }: Remote): string {
  if (token && isHttp(url))
    return 'the token of GITOPS_TOKEN; renew it, or give it the right to write'
  if (sshKeyFile) return 'the key of GITOPS_SSH_KEY_FILE; renew it, or give it the right to write'
  return isHttp(url)
    ? 'those who show no token; set GITOPS_TOKEN'
    : 'the user that the server runs as; set GITOPS_SSH_KEY_FILE, or let that user write there'
}

/** Everything that is no path and no other kind of URL, such as `git@host:repository.git`. */
export const isSsh = (url: string) => !isHttp(url) && !/^file:|^\.{0,2}\//i.test(url)
const isHttp = (url: string) => /^https?:/i.test(url)

/** The clone's `config` file: all that git goes by there. `ssh` is what git calls ssh with. */
export function cloneConfig(remote: Remote, given: Given): string {
  const { url, branch, token, signingKeyFile } = remote
  const lines = [
    '[core]',
    'repositoryformatversion = 0',
    'bare = true',
    // Nothing that lies in a repository is ever run.
    'hooksPath = /dev/null',
    '[gc]',
    'auto = 0',
    '[maintenance]',
    'auto = false',
    // A build is one pack, which is on the disk and there at once or not at all, and no unpacking.
    '[fastimport]',
    'unpackLimit = 1',
    // What is fetched is one, too, and whole: unpacked, it would lack what a build's pack holds, which goes
    // when that build comes to nothing.
    '[fetch]',
    'unpackLimit = 1',
    '[protocol]',
    'allow = never',
    ...['file', 'https', 'http', 'ssh'].flatMap((name) => [
      `[protocol ${quoted(name)}]`,
      'allow = always',
    ]),
    '[remote "origin"]',
    `url = ${quoted(url)}`,
    `fetch = ${quoted(`refs/heads/${branch}:${given.remoteRef}`)}`,
  ]
  // Only HTTP takes a token; a path has no host that one could be for.
  if (token && isHttp(url)) {
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
    const header = `Authorization: Basic ${basic}`
    lines.push(`[http ${quoted(new URL(url).origin)}]`, `extraHeader = ${quoted(header)}`)
  }
  if (signingKeyFile) lines.push(...signing(signingKeyFile, remote.author))
  if (given.ssh !== null) lines.push('[core]', `sshCommand = ${quoted(given.ssh)}`)
  return `${lines.join('\n')}\n`
}

/** A commit that is made anew has the same author as fast-import gave it. */
function signing(keyFile: string, author = ours): readonly string[] {
  const { name, email } = personOf(author)
  return [
    '[gpg]',
    'format = ssh',
    '[user]',
    `name = ${quoted(name)}`,
    `email = ${quoted(email)}`,
    `signingKey = ${quoted(resolve(keyFile))}`,
  ]
}

type Given = { readonly remoteRef: string; readonly ssh: string | null }

/** How long an ssh connection is kept for the next command: a new one costs six round trips. */
const keptSeconds = 120

/**
 * What git calls ssh with; `null` where that is not how the remote is reached. `sockets` is a folder for
 * kept connections. With a key of ours a host's key is noted in `knownHosts` the first time that it is
 * seen, and no other one is taken after that; without, ssh goes by what its user has.
 */
export function sshCommand(
  { url, sshKeyFile }: Remote,
  { sockets, knownHosts }: { sockets: string | null; knownHosts: string },
): string | null {
  if (!isSsh(url)) return null
  const key = sshKeyFile
    ? [
        '-i',
        shellQuoted(resolve(sshKeyFile)),
        '-o IdentitiesOnly=yes',
        '-o StrictHostKeyChecking=accept-new',
        '-o',
        // Beside the clone, because a container may forget its home, and would take any key again.
        shellQuoted(`UserKnownHostsFile=${sshQuoted(knownHosts)} ~/.ssh/known_hosts`),
      ]
    : []
  const kept = sockets
    ? [
        '-o ControlMaster=auto',
        `-o ControlPersist=${keptSeconds}`,
        `-o ControlPath=${shellQuoted(sshQuoted(sockets, '/%C'))}`,
      ]
    : []
  return [
    'ssh',
    ...key,
    ...['-o BatchMode=yes', '-o ConnectTimeout=20'],
    // A host that went away is noticed by the kept connection, too.
    ...['-o ServerAliveInterval=10', '-o ServerAliveCountMax=2'],
    ...kept,
  ].join(' ')
}

export const shellQuoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** A path as the value of an option of ssh, which would end at a space, and what ssh fills in after it. */
const sshQuoted = (path: string, filled = '') =>
  `"${path.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%')}${filled}"`

/** A value in git's configuration syntax. */
const quoted = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
