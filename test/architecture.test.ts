import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Which folders each folder may import from: the table of `docs/architecture.md`. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  policy: ['domain'],
  manifest: ['domain'],
  charts: ['domain', 'manifest'],
  release: ['domain', 'policy', 'manifest'],
  commands: ['domain', 'policy', 'release'],
  messages: ['domain'],
  gitops: ['domain'],
  store: ['domain'],
  notify: ['domain', 'messages'],
  servers: ['domain'],
  oidc: ['domain', 'policy'],
  'ingress/http': ['domain', 'commands', 'messages'],
  'ingress/slack': ['domain', 'commands', 'messages'],
  'ingress/github': ['domain', 'commands', 'messages'],
  cli: ['domain', 'commands', 'policy', 'manifest', 'messages'],
  'config.ts': ['domain', 'settings.ts', 'chart-settings.ts', 'setting-shapes.ts'],
  'settings.ts': ['domain', 'chart-settings.ts', 'setting-shapes.ts'],
  'chart-settings.ts': ['setting-shapes.ts'],
  'setting-shapes.ts': [],
  'log.ts': ['domain', 'redact.ts'],
  'logger.ts': [],
  'redact.ts': [],
  'read-settings.ts': ['config.ts'],
}
const everything = [
  'main.ts',
  'audit-parts.ts',
  'lead-parts.ts',
  'data-folder.ts',
  'health-parts.ts',
  'slack-parts.ts',
  'github-parts.ts',
  'surfaces.ts',
  'token-parts.ts',
  'source-parts.ts',
  'chart-parts.ts',
  'gitops-parts.ts',
  'gitops-access.ts',
  'github-access.ts',
  'halt-parts.ts',
  'server-parts.ts',
  'repository-parts.ts',
  'setup-parts.ts',
  'doctor',
  'index-parts.ts',
  'reindex-parts.ts',
  'migrate-parts.ts',
  'backup-parts.ts',
  'restore-parts.ts',
  'restored-parts.ts',
  'verify-parts.ts',
  'edge.ts',
  'edge',
]
/** May build the server itself, and what looks at it. */
const mayImportMain = ['cli/serve.ts']
/** What commands of the server's machine are built of. */
const partsOfCommands = [
  'main.ts',
  'chart-parts.ts',
  'reindex-parts.ts',
  'migrate-parts.ts',
  'backup-parts.ts',
  'restore-parts.ts',
  'verify-parts.ts',
]
/** Rooms that must run anywhere: nothing of Node, no clock. */
const pure = ['domain', 'policy', 'manifest', 'release', 'commands', 'messages']

const homes: Readonly<Record<string, string>> = {
  hono: 'ingress/http/',
  '@hono/node-server': 'ingress/http/',
  '@slack/bolt': 'ingress/slack/',
  probot: 'ingress/github/',
  '@octokit/webhooks-methods': 'ingress/github/',
  'markdown-it': 'ingress/github/',
  'simple-git': 'gitops/git.ts',
  '@libsql/client': 'store/client.ts',
  'json-logic-js': 'policy/rule.ts',
  jose: 'oidc/',
  semver: 'policy/own-operators.ts',
}
/** The files that may start programs; a build asks the git of its own folder who wrote the commit. */
const programs = ['gitops/git.ts', 'manifest/programs.ts', 'cli/git-log.ts']

type Import = { readonly file: string; readonly from: string }

const src = resolve('src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort()
const read = (file: string) => readFileSync(join(src, file), 'utf8')

/** Static imports, re-exports and dynamic imports; a scan of lines is enough. */
const importLines =
  /^\s*(?:import|export)\b[^'"=(]*?\bfrom\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm

const importsIn = (file: string): Import[] =>
  [...read(file).matchAll(importLines)].map(([, from, bare, dynamic]) => ({
    file,
    from: from ?? bare ?? dynamic ?? '',
  }))

const imports = files.flatMap(importsIn)
const local = imports
  .filter(({ from }) => from.startsWith('.'))
  .map(({ file, from }) => ({ file, to: relative(src, resolve(src, dirname(file), from)) }))

const roomOf = (file: string): string => {
  const [first = '', second] = file.split('/')
  return first === 'ingress' ? `ingress/${second}` : first
}

describe('the rooms', () => {
  it('import only what the table allows', () => {
    const wrong = local.filter(({ file, to }) => {
      const [from, target] = [roomOf(file), roomOf(to)]
      if (from === target) return false
      if (target === 'doctor') return !mayImportMain.includes(file)
      if (everything.includes(from)) return false
      if (partsOfCommands.includes(to)) return !mayImportMain.includes(file)
      if (file === 'cli/serve.ts' && ['config.ts', 'log.ts', 'read-settings.ts'].includes(to))
        return false
      return !mayImport[from]?.includes(target)
    })
    expect(wrong).toEqual([])
  })

  it('are all in the table', () => {
    const rooms = new Set(files.map(roomOf))
    expect([...rooms].filter((room) => !(room in mayImport) && !everything.includes(room))).toEqual(
      [],
    )
  })

  it('that are pure import nothing of Node and ask no clock', () => {
    const wrong = files
      .filter((file) => pure.includes(roomOf(file)) && !programs.includes(file))
      .filter((file) =>
        /['"]node:|\bDate\.now\b|\bnew Date\(\)|performance\.now|\bprocess\./.test(code(file)),
      )
    expect(wrong).toEqual([])
  })
})

describe('what writes and reads by GitHub’s API', () => {
  it('runs anywhere: it imports nothing of Node and no package, however deep', () => {
    const doors = ['github', 'github-history', 'github-sources', 'github-pulls']
    const deep = new Set(doors.map((name) => `gitops/${name}.ts`))
    for (const file of deep)
      for (const { from } of importsIn(file).filter(({ from }) => from.startsWith('.')))
        deep.add(relative(src, resolve(src, dirname(file), from)))
    expect([...deep]).toEqual(
      expect.arrayContaining(['gitops/github-git.ts', 'gitops/github-read.ts']),
    )
    // What the domain imports is held above.
    const own = (file: string) => deep.has(file) && roomOf(file) === 'gitops'
    expect(imports.filter(({ file, from }) => own(file) && !from.startsWith('.'))).toEqual([])
  })
})

/** A file's text without its comments. */
const code = (file: string) => read(file).replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')

describe('a package', () => {
  it('has one home', () => {
    const wrong = imports.filter(({ file, from }) => {
      const name = Object.keys(homes).find((home) => from === home || from.startsWith(`${home}/`))
      return name !== undefined && !file.startsWith(homes[name] ?? '')
    })
    expect(wrong).toEqual([])
  })

  it('is used, or is not there', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>
    }
    const used = new Set(
      imports.map(({ from }) =>
        from
          .split('/')
          .slice(0, from.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
    )
    expect(Object.keys(dependencies).filter((name) => !used.has(name))).toEqual([])
  })
})

describe('programs and the environment', () => {
  it('are started in three files only', () => {
    const wrong = imports.filter(
      ({ file, from }) => /child_process/.test(from) && !programs.includes(file),
    )
    expect(wrong).toEqual([])
  })

  it('are read from process.env by main.ts and the CLI only', () => {
    const wrong = files.filter(
      (file) => /process\.env/.test(code(file)) && file !== 'main.ts' && roomOf(file) !== 'cli',
    )
    expect(wrong).toEqual([])
  })
})

describe('the tests', () => {
  it('wait with one patience: `eventually`, which has no limit of its own', () => {
    const impatient = /\b(?:vi\.waitFor|vi\.waitUntil)\(|\.poll\([^)]*timeout/
    const wrong = readdirSync(resolve('test'), { recursive: true, encoding: 'utf8' }).filter(
      (file) =>
        file.endsWith('.ts') &&
        file !== 'support/eventually.ts' &&
        impatient.test(readFileSync(resolve('test', file), 'utf8')),
    )
    expect(wrong).toEqual([])
  })
})
