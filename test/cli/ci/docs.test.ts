import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { artifactWords } from '../../../src/cli/artifact.ts'
import { systems } from '../../../src/cli/ci/systems.ts'
import { run } from '../../../src/cli/run.ts'
import { parseArtifact } from '../../../src/domain/artifact.ts'
import { isRefusal } from '../../../src/domain/fault.ts'
import { plain } from '../../../src/messages/paint.ts'
import { sha } from '../../support/builders.ts'

const text = readFileSync('docs/ci.md', 'utf8')
const action = parse(readFileSync('action.yml', 'utf8')) as { inputs: Record<string, unknown> }
const sections = text.split(/^### /m).slice(1)
const blockOf = (section: string) => /```\w+\n([\s\S]*?)```/.exec(section)?.[1] ?? ''

/** Each snippet's system with what that system says of a build. */
const said: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'GitLab CI': {
    GITLAB_CI: 'true',
    CI_PROJECT_PATH: 'acme/web',
    CI_COMMIT_SHA: sha,
    CI_COMMIT_BRANCH: 'main',
    CI_REGISTRY_IMAGE: 'registry.example.com/web',
  },
  Jenkins: {
    JENKINS_URL: 'https://j.example.com',
    BUILD_URL: 'https://j.example.com/1',
    GIT_URL: 'git@github.com:acme/web.git',
    GIT_COMMIT: sha,
    GIT_BRANCH: 'origin/main',
  },
  CircleCI: {
    CIRCLECI: 'true',
    CIRCLE_PROJECT_USERNAME: 'acme',
    CIRCLE_PROJECT_REPONAME: 'web',
    CIRCLE_SHA1: sha,
    CIRCLE_BRANCH: 'main',
  },
  Buildkite: {
    BUILDKITE: 'true',
    BUILDKITE_REPO: 'git@github.com:acme/web.git',
    BUILDKITE_COMMIT: sha,
    BUILDKITE_BRANCH: 'main',
  },
  Drone: {
    DRONE: 'true',
    DRONE_REPO: 'acme/web',
    DRONE_COMMIT_SHA: sha,
    DRONE_COMMIT_BRANCH: 'main',
  },
  Woodpecker: {
    CI: 'woodpecker',
    CI_REPO: 'acme/web',
    CI_COMMIT_SHA: sha,
    CI_COMMIT_BRANCH: 'main',
  },
  'Bitbucket Pipelines': {
    BITBUCKET_BUILD_NUMBER: '1',
    BITBUCKET_REPO_FULL_NAME: 'acme/web',
    BITBUCKET_COMMIT: sha,
    BITBUCKET_BRANCH: 'main',
  },
  'Azure Pipelines': {
    TF_BUILD: 'True',
    BUILD_REPOSITORY_NAME: 'acme/web',
    BUILD_SOURCEVERSION: sha,
    BUILD_SOURCEBRANCH: 'refs/heads/main',
  },
}

/** The arguments of a snippet's command as a shell would hand them on, less the reports, which are not there. */
function argumentsIn(snippet: string, environment: Readonly<Record<string, string>>): string[] {
  const line = /gimlet (artifact push[^\n']*)/.exec(snippet)?.[1] ?? ''
  const filled = line
    .replace(/ --test-results \S+/, '')
    .replace('$(Build.SourceVersion)', '$BUILD_SOURCEVERSION')
    .replaceAll(/\$+(\w+)/g, (_, name: string) => environment[name] ?? 'unknown-variable')
  return [...filled.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
}

describe('docs/ci.md', () => {
  test.each(Object.entries(said))(
    'its snippet for %s knows the build',
    async (system, environment) => {
      const snippet = blockOf(sections.find((section) => section.startsWith(`${system}\n`)) ?? '')
      if (system !== 'Jenkins') expect(() => parse(snippet)).not.toThrow()
      const out: string[] = []
      const err: string[] = []
      const terminal = {
        out: (line: string) => void out.push(line),
        err: (line: string) => void err.push(line),
        paint: plain,
        environment,
      }
      const words = argumentsIn(snippet, environment)
      expect(words.slice(0, 2)).toEqual(['artifact', 'push'])
      const code = await run([...words, '--dry-run', '--output', 'json'], terminal)
      expect([code, err]).toEqual([0, []])
      expect(JSON.parse(out.join(''))).toMatchObject({
        build: { system },
        artifact: {
          version: { repositoryName: 'acme/web', sha, branch: 'main', event: 'push' },
          items: expect.arrayContaining([expect.objectContaining({ name: 'image', tag: sha })]),
        },
      })
    },
  )

  it('has a snippet for every system, and names no input that the action has not', () => {
    const untold = systems.map(({ name }) => name).filter((name) => !(name in said))
    expect(untold).toEqual(['Gitea or Forgejo Actions', 'GitHub Actions'])
    const snippet = parse(blockOf(sections[0] ?? '')) as {
      jobs: { build: { steps: { uses: string; with: Record<string, unknown> }[] } }
    }
    const step = snippet.jobs.build.steps.find(({ uses }) => uses.includes('gimletd'))
    expect(Object.keys(action.inputs)).toEqual(
      expect.arrayContaining(Object.keys(step?.with ?? {})),
    )
  })

  it('names no flag that is not there', () => {
    const own = text.replace(/^curl[\s\S]*?```$/m, '').replace(/^.*npm install.*$/gm, '')
    const known = [
      'output',
      'file',
      'timeout',
      ...Object.values(artifactWords).flatMap(Object.keys),
    ]
    const plainly = (name: string) => name.replaceAll('-', '').toLowerCase()
    const named = [...own.matchAll(/(?<=[\s`])--([a-zA-Z-]+)/g)].map(([, name = '']) => name)
    expect(named.filter((name) => !known.map(plainly).includes(plainly(name)))).toEqual([])
  })

  it('posts by curl what the server takes', () => {
    const json: unknown = JSON.parse(/--json '([\s\S]*?)' "/.exec(text)?.[1] ?? '')
    expect(isRefusal(parseArtifact(json))).toBe(false)
  })
})
