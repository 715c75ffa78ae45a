import { z } from 'zod'
import { handle } from '../../commands/handle.ts'
import { workflowsOf } from '../../commands/repository-places.ts'
import { parseArtifact } from '../../domain/artifact.ts'
import { isRefusal } from '../../domain/fault.ts'
import { isSha, lastPart } from '../../domain/names.ts'
import type { RecordPorts, Repository } from './ports.ts'
import { githubItself } from './who.ts'

const person = z.looseObject({ name: z.string().default(''), email: z.string().default('') })
const id = z.number().int().positive()
const runShape = z.looseObject({
  id,
  path: z.string().max(500),
  event: z.string(),
  conclusion: z.string().nullable(),
  head_branch: z.string().min(1).max(255),
  head_sha: z.string().refine(isSha),
  html_url: z.string().max(2_000),
  head_repository: z.looseObject({ id }).nullable(),
  head_commit: z
    .looseObject({
      message: z.string().default(''),
      timestamp: z.string().default(''),
      author: person.nullish(),
      committer: person.nullish(),
    })
    .nullish(),
})
const shape = z.looseObject({ action: z.literal('completed'), workflow_run: runShape })
type Run = z.output<typeof runShape>

const refShape = z.looseObject({
  ref: z.string(),
  object: z.looseObject({ type: z.string(), sha: z.string() }),
})
const compareShape = z.looseObject({ status: z.string() })

/** Runs that somebody began who can write to the repository, of the commit that they name. */
const pushing: ReadonlySet<string> = new Set(['push', 'workflow_dispatch', 'release'])

type RunPorts = Pick<RecordPorts, 'commands' | 'api' | 'pulls' | 'log'>
type Of = { readonly run: Run; readonly repository: Repository }

/**
 * Stores an artifact for a workflow that ended well, where a manifest of the repository names the
 * workflow: for repositories whose CI has no step of its own for it. Throws what may pass.
 */
export async function onWorkflowRun(
  ports: RunPorts,
  { payload, repository }: { payload: unknown; repository: Repository },
): Promise<void> {
  const run = shape.safeParse(payload).data?.workflow_run
  // What a fork's code was built to is nobody's artifact here: R11.
  if (run?.conclusion !== 'success' || run.head_repository?.id !== repository.id) return
  const { commands, log } = ports
  const manifests = await commands.sources.manifests(await commands.gitops.lastTip())
  if (!workflowsOf(manifests, repository.name).has(fileOf(run.path))) return
  const version = await versionOf(ports, { run, repository })
  const fields = { repository: repository.name, run: run.id, ref: run.head_branch }
  if (version === null) return log.info(fields, 'a workflow ran for what is not there any more')
  const artifact = parseArtifact(artifactOf({ run, repository }, version))
  if (isRefusal(artifact))
    return log.warn({ ...fields, problem: artifact.message }, 'a workflow makes no artifact')
  const actor = { ...githubItself, repositories: [repository.name] }
  const outcome = await handle(commands, actor, { verb: 'push-artifact', artifact })
  if (isRefusal(outcome)) log.warn({ ...fields, code: outcome.code }, 'an artifact was not taken')
}

/** `.github/workflows/build.yml@refs/heads/main` is `build.yml`. */
const fileOf = (path: string): string => lastPart(path.replace(/@.*$/, ''))

type Ref =
  | { readonly event: 'push'; readonly branch: string }
  | { readonly event: 'tag'; readonly tag: string }
  | { readonly event: 'pr'; readonly branch: string; readonly targetBranch: string }

/**
 * What was built, as the triggers see it. GitHub names branches and tags alike, and whoever may push a
 * tag could call it `main`: so a branch is one only when it holds the commit (A9).
 */
async function versionOf(ports: RunPorts, of: Of): Promise<Ref | null> {
  const { run, repository } = of
  if (run.event === 'pull_request') {
    const open = await ports.pulls.open(repository.id)
    const pull = open.find((one) => !one.isFork && one.headSha === run.head_sha)
    return pull ? { event: 'pr', branch: pull.headBranch, targetBranch: pull.baseBranch } : null
  }
  if (!pushing.has(run.event)) return null
  const asking = asker(ports, repository)
  if (await isOnBranch(asking, run)) return { event: 'push', branch: run.head_branch }
  return (await isTag(asking, run)) ? { event: 'tag', tag: run.head_branch } : null
}

type Ask = <T>(route: string, parameters: object, answer: z.ZodType<T>) => Promise<T | null>

/** Asks about a repository: `null` is GitHub's no. Throws when it does not say. */
const asker =
  ({ api }: RunPorts, { installation, name }: Repository): Ask =>
  async (route, parameters, answer) => {
    const [owner, repo] = name.split('/')
    const said = await api.call(installation, `GET /repos/{owner}/{repo}/${route}`, {
      ...{ owner, repo, ...parameters },
    })
    if (said.kind === 'refused' && (said.status === 404 || said.status === 422)) return null
    const { data } = answer.safeParse(said.kind === 'ok' ? said.data : null)
    if (data === undefined) throw new Error('asking GitHub what a workflow has built')
    return data
  }

async function isOnBranch(ask: Ask, { head_branch: branch, head_sha: sha }: Run): Promise<boolean> {
  const found = await ask('git/ref/{ref}', { ref: `heads/${branch}` }, refShape)
  if (found?.ref !== `refs/heads/${branch}`) return false
  const tip = found.object.sha
  if (tip === sha) return true
  const compared = await ask('compare/{basehead}', { basehead: `${sha}...${tip}` }, compareShape)
  return compared?.status === 'ahead'
}

async function isTag(ask: Ask, { head_branch: tag, head_sha: sha }: Run): Promise<boolean> {
  const found = await ask('git/ref/{ref}', { ref: `tags/${tag}` }, refShape)
  if (found?.ref !== `refs/tags/${tag}`) return false
  if (found.object.type !== 'tag') return found.object.sha === sha
  const annotated = await ask(
    'git/tags/{tag_sha}',
    { tag_sha: found.object.sha },
    refShape.pick({ object: true }),
  )
  return annotated?.object.sha === sha
}

/** One artifact a run, however often it is run again. */
function artifactOf({ run, repository }: Of, ref: Ref): unknown {
  const { head_commit: commit, head_sha: sha, html_url: url } = run
  const madeMs = Date.parse(commit?.timestamp ?? '')
  const page = url.replace(/\/actions\/runs\/.*$/, '')
  const [author, committer] = [commit?.author, commit?.committer]
  return {
    id: `${lastPart(repository.name)}-${sha}-${run.id}`,
    version: {
      ...{ repositoryName: repository.name, sha, ...ref },
      ...(ref.event === 'pr' ? { sourceBranch: ref.branch } : {}),
      ...(Number.isNaN(madeMs) ? {} : { created: Math.floor(madeMs / 1000) }),
      ...{ authorName: author?.name ?? '', authorEmail: author?.email ?? '' },
      ...{ committerName: committer?.name ?? '', committerEmail: committer?.email ?? '' },
      ...{ message: commit?.message ?? '', url: `${page}/commit/${sha}` },
    },
    context: { CI: 'true' },
    items: [{ name: 'ci', url }],
  }
}
