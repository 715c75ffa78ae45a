import { repositoryAt } from '../../../../src/cli/ci/remote.ts'
import { isRefusal } from '../../../../src/domain/fault.ts'
import { githubRepositoryAt } from '../../../../src/domain/github-repository.ts'
import { compileGlob } from '../../../../src/domain/glob.ts'
import {
  dnsLabel,
  isAddressOf,
  isArtifactId,
  isLabel,
  isRepository,
  isSha,
  isShaPrefix,
} from '../../../../src/domain/names.ts'
import { previewNames } from '../../../../src/domain/preview.ts'
import { schema } from '../../../../src/settings.ts'
import { broken, type Door } from '../fuzz.ts'

/** A part of a path that leads nowhere else, and that no program takes for an option. */
export const isSafePath = (name: string): boolean =>
  name !== '' &&
  !/[\p{Cc}\p{Zl}\p{Zp}\s\\]|^[-.]|\.\.|^\/|\/\/|\/$|\/[-.]/u.test(name) &&
  name.toLowerCase() !== '.git'

/** A label as RFC 1123 says it, character by character. */
export function isPlainLabel(name: string): boolean {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  if (name.length < 1 || name.length > 63) return false
  const ends = [name.charAt(0), name.charAt(name.length - 1)]
  if (ends.some((end) => !letters.includes(end))) return false
  for (let at = 0; at < name.length; at++)
    if (!`${letters}-`.includes(name.charAt(at))) return false
  return true
}

/** What `git check-ref-format` says of a branch, and that it is no option. */
export const isGitBranch = (name: string): boolean =>
  name !== '' &&
  // biome-ignore lint/suspicious/noControlCharactersInRegex: git refuses them, and so must we
  !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$|(?:^|\/)\.|\.lock(?:\/|$)/.test(name) &&
  name !== '@' &&
  name !== 'HEAD'

/** What names, branches and addresses of repositories come by. */
export const namesDoor: Door = {
  name: 'names',
  about: 'A12, A15, A17, A22: names, branches, refs, patterns and addresses of repositories',
  form: 'text',
  words: [
    '.lock',
    '.git',
    'HEAD',
    '@{-1}',
    'refs/heads/',
    '--upload-pack=',
    'ext::',
    'a*',
    '{a,b}',
    'git@github.com:',
  ],
  seeds: [
    'web',
    'web-017d995e',
    'owner/web',
    'a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0',
    'feature/login',
    'release-1.2',
    'https://github.com/acme/gitops.git',
    'git@github.com:acme/gitops.git',
    'ssh://git@host:22/acme/web.git',
    '{main,release-*}',
    '!feature/*',
    'a'.repeat(63),
  ],
  take(input) {
    const name = String(input)
    if (isLabel(name) !== isPlainLabel(name)) broken('a label is another one')
    if (isArtifactId(name) && !isSafePath(name)) broken('an artifact id is no safe path')
    if (isRepository(name) && (!isSafePath(name) || name.length > 200))
      broken('a repository is no safe path')
    if (isSha(name) && !isShaPrefix(name)) broken('a commit id is no commit id')
    const label = dnsLabel(name, 63)
    if (label !== '' && !isPlainLabel(label)) broken(`${label} is made of it, and is no label`)
    for (const one of previewNames({ app: 'web', branch: name }))
      if (!isPlainLabel(one)) broken(`the preview ${one} is no label`)
    const outcomes = [isLabel(name), isArtifactId(name), isRepository(name), isShaPrefix(name)]
    return [...outcomes, branchOf(name), addressOf(name), globOf(name)].join(' ')
  },
}

function branchOf(name: string): boolean {
  const { success } = schema.shape.GITOPS_BRANCH.safeParse(name)
  if (success && !isGitBranch(name)) broken('a branch is none of git’s')
  return success
}

function addressOf(name: string): string {
  const at = githubRepositoryAt(name, 'https://github.com')
  if (at && ![at.owner, at.repo].every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part)))
    broken(`the repository ${JSON.stringify(at)} is none of GitHub's`)
  if (isAddressOf('https://github.com/acme/gitops.git', name) && !/^acme\/gitops$/i.test(name))
    broken('another repository is taken for ours')
  const found = repositoryAt(name)
  return `${at !== null} ${found !== ''}`
}

function globOf(pattern: string): boolean {
  const glob = compileGlob(pattern)
  if (isRefusal(glob)) return false
  for (const text of ['', 'main', pattern, 'a'.repeat(300)])
    if (typeof glob.matches(text) !== 'boolean' || glob.steps(text) > 256 * 400)
      broken('a pattern has no bound')
  return true
}
