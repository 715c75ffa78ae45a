import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { endPrograms, git, runToEnd, startProgram } from '../support/program.ts'
import { tempFolder } from '../support/temp-folder.ts'

afterEach(endPrograms)

type Step = {
  readonly name: string
  readonly shell: string
  readonly run: string
  readonly env?: Readonly<Record<string, string>>
  readonly 'working-directory'?: string
}
const action = parse(readFileSync('action.yml', 'utf8')) as {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>
  readonly outputs: Readonly<Record<string, { readonly value: string }>>
  readonly runs: { readonly using: string; readonly steps: readonly Step[] }
}

/** A copy of what a runner has of the action: the files of git, and what npm installs. */
function actionFolder(): string {
  const folder = join(tempFolder(), 'action')
  const needed = [
    'action.yml',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts',
    'src',
  ]
  for (const name of needed) cpSync(name, join(folder, name), { recursive: true })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  return folder
}

/** The workspace of a job: a repository of one commit. */
async function workspace() {
  const folder = tempFolder()
  await git(folder, 'init', '-q', '-b', 'main')
  const who = ['-c', 'user.name=Ada Lovelace', '-c', 'user.email=ada@example.com']
  await git(folder, ...who, 'commit', '-q', '--allow-empty', '-m', 'Show the price')
  return { folder, sha: await git(folder, 'rev-parse', 'HEAD') }
}

type Job = {
  readonly inputs: Readonly<Record<string, string>>
  readonly environment: Readonly<Record<string, string>>
  readonly workspace: string
}

/** Runs the steps as the runner does: expressions are values of variables, never words of a script. */
async function runAction(folder: string, { inputs, environment, workspace }: Job) {
  const filled = (text: string) =>
    text
      .replaceAll(
        /\$\{\{ inputs\.([\w-]+) \}\}/g,
        (_, name: string) => inputs[name] ?? action.inputs[name]?.default ?? '',
      )
      .replaceAll(/\$\{\{ github\.action_path \}\}/g, folder)
  let result = { code: 0, stdout: '', stderr: '' }
  for (const step of action.runs.steps) {
    expect(step.run).not.toContain('${{')
    const env = Object.entries(step.env ?? {}).map(([name, value]) => [name, filled(value)])
    const all = { ...environment, GITHUB_ACTION_PATH: folder, ...Object.fromEntries(env) }
    const script = `cd '${filled(step['working-directory'] ?? workspace)}'\n${step.run}`
    const bash = ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c', script]
    result = await runToEnd(bash, all)
    if (result.code !== 0) return result
  }
  return result
}

describe('the GitHub Action', () => {
  it('is one step: it builds the program, pushes, and hands on what became of it', async () => {
    const server = await startProgram(tempFolder())
    const { folder: repository, sha } = await workspace()
    const place = tempFolder()
    const note = `NOTE=$(touch ${join(place, 'was-here')}) "quoted"`
    const [output, summary] = [join(place, 'output'), join(place, 'summary')]
    const job = {
      workspace: repository,
      inputs: {
        server: server.url,
        token: server.token,
        images: `\n  registry.example.com/web:${sha}  \n\n  sidecar=registry.example.com/side:1\n`,
        variables: note,
        wait: 'released',
      },
      environment: {
        HOME: place,
        GITHUB_ACTIONS: 'true',
        GITHUB_EVENT_NAME: 'push',
        GITHUB_REF: 'refs/heads/main',
        GITHUB_REPOSITORY: 'acme/web',
        GITHUB_RUN_ID: '1',
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_SHA: sha,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
      },
    }
    const folder = actionFolder()
    const { code, stderr } = await runAction(folder, job)
    expect([code, stderr]).toEqual([0, expect.stringContaining('done  release web → staging')])
    const outputs = Object.fromEntries(
      readFileSync(output, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s)),
    )
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(action.outputs).sort())
    expect(outputs).toMatchObject({ status: 'processed', released: '["staging/web"]' })
    expect(readFileSync(summary, 'utf8')).toContain('| web | staging | processed |')
    const { json } = await server.call(
      'GET',
      `/api/artifacts/${encodeURIComponent(outputs['artifact-id'] ?? '')}`,
    )
    expect(json).toMatchObject({
      version: { sha, authorName: 'Ada Lovelace', message: 'Show the price', branch: 'main' },
      context: { NOTE: note.slice(5) },
      items: [
        { name: 'ci', url: 'https://github.com/acme/web/actions/runs/1' },
        { name: 'image', tag: sha },
        { name: 'sidecar' },
      ],
    })
    expect(existsSync(join(place, 'was-here'))).toBe(false)
    const denied = await runAction(folder, { ...job, inputs: { ...job.inputs, token: 'no' } })
    expect([denied.code, denied.stderr]).toEqual([
      3,
      expect.stringContaining('::error title=GimletD::'),
    ])
  })
})
