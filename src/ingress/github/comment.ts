import { handle } from '../../commands/handle.ts'
import type { Invocation } from '../../commands/invocation.ts'
import { explain, lookAtRequest } from '../../commands/look.ts'
import { type PullRequestPlace, parseInPullRequest } from '../../commands/pull-request.ts'
import { placesWith, previewPlaces } from '../../commands/repository-places.ts'
import { verbs } from '../../commands/verbs.ts'
import { splitWords } from '../../commands/words.ts'
import type { Actor } from '../../domain/actor.ts'
import { isRefusal, refuse } from '../../domain/fault.ts'
import { code, codeBlock, words } from '../../messages/github/markdown.ts'
import { outcomeReply, problemReply } from '../../messages/github/reply.ts'
import { commentLines } from './comment-lines.ts'
import { headOf } from './head.ts'
import type { Commented } from './payload.ts'
import type { GithubPorts, Pull, Repository } from './ports.ts'
import { type Reaction, Replies } from './replies.ts'
import { beyondWriting, whoIs } from './who.ts'

/** The most commands of one comment. */
const linesMax = 5
/** Deliveries are remembered for longer: what is sent again after that is too old to say anything (A2). */
const ageMsMax = 30 * 24 * 60 * 60_000
/** The longest explanation that a comment shows. */
const explanationCharsMax = 20_000
/** The most requests that the commands of one comment may make. */
const requestsMax = 20

/**
 * Carries out the commands of a new comment on an open pull request, in order, up to the first that is
 * refused. Only a comment that a person has just written speaks for its author: A24, R8, R9.
 */
export async function onComment(
  ports: GithubPorts,
  { given, repository }: { given: Commented; repository: Repository },
  requestId: string,
): Promise<void> {
  const { issue, comment, sender, action } = given
  const isNewByPerson =
    action === 'created' && sender.type === 'User' && sender.id === comment.user?.id
  const isOld = Date.parse(String(comment.created_at)) < ports.commands.clock.nowMs() - ageMsMax
  if (isOld || !isNewByPerson || issue.pull_request === undefined || issue.state !== 'open') return
  const { lines, isSwallowed } = commentLines(comment.body ?? '')
  if (lines.length === 0 && !isSwallowed) return
  const replies = new Replies(ports, { repository, number: issue.number, commentId: comment.id })
  await replies.react('eyes')
  if (isSwallowed)
    return replies.end(
      'confused',
      'That line is part of the quote or the list above it. Leave a blank line before it.',
    )
  if (lines.length > linesMax)
    return replies.end('confused', `A comment has at most ${linesMax} commands; nothing was done.`)
  const actor = await whoIs(ports, { login: sender.login, repository })
  if (isRefusal(actor)) return replies.end('-1', outcomeReply(actor))
  const head = await headOf(ports, { repository, number: issue.number })
  if (head.kind !== 'head') {
    await replies.end('-1', outcomeReply(head.refusal))
    // Only now: the same comment, carried out again, must not mean the newer commit.
    return head.kind === 'moved' ? head.keep() : undefined
  }
  await head.keep()
  const { isFork } = head.pull
  const place = await placeOf(ports, repository, head.pull)
  const speaking = { ports, replies, actor, place, isFork, requestId, repository }
  await carryOut(speaking, [...new Set(lines)])
}

type Speaking = {
  readonly ports: GithubPorts
  readonly replies: Replies
  readonly actor: Actor
  readonly place: PullRequestPlace
  readonly isFork: boolean
  readonly requestId: string
  readonly repository: Repository
}

/** Where the apps of a repository can go, by the manifests and the head's artifact; previews, too. */
async function placeOf(
  { commands }: GithubPorts,
  { name: repository }: Repository,
  { headSha: sha, headBranch: branch }: Pull,
): Promise<PullRequestPlace> {
  const set = await commands.sources.manifests(await commands.gitops.lastTip())
  const running = set.previews.length > 0 ? await commands.releases.running({}) : []
  const previews = previewPlaces(set, { repository, branch }, running)
  const artifact = await commands.artifacts.ofCommit({ repository, sha })
  return { repository, sha, targets: [...placesWith(set, { repository, artifact }), ...previews] }
}

async function carryOut(speaking: Speaking, lines: readonly string[]): Promise<void> {
  const { ports, replies, place } = speaking
  const nowUnix = Math.floor(ports.commands.clock.nowMs() / 1000)
  let count = 0
  for (const [at, line] of lines.entries()) {
    const split = splitWords(line.slice('/gimlet'.length))
    const asked =
      split.kind === 'problem' ? [split] : parseInPullRequest(split.words, place, nowUnix)
    for (const one of asked) {
      if (count >= requestsMax)
        return replies.end('confused', `A comment makes at most ${requestsMax} requests.`)
      const reaction = await invoke(speaking, one, count++)
      if (reaction === null) continue
      const left = lines.slice(at + 1)
      const rest = left.length > 0 ? `\n\nNot run: ${left.map(code).join(', ')}` : ''
      return replies.end(reaction.reaction, `${reaction.text}${rest}`)
    }
  }
  await replies.settle()
}

type Stop = { readonly reaction: Reaction; readonly text: string }

/** Carries out one command. Answers why nothing that comes after it is run, or nothing. */
async function invoke(speaking: Speaking, asked: Invocation, count: number): Promise<Stop | null> {
  const { ports, replies, actor } = speaking
  switch (asked.kind) {
    case 'problem':
      return { reaction: 'confused', text: problemReply(asked) }
    case 'help':
      return say(replies, helpText(asked.topic))
    case 'explain': {
      const told = await explain([ports.commands, actor], asked.id)
      if (isRefusal(told)) return { reaction: '-1', text: outcomeReply(told) }
      const lines = told.flatMap((one) => [one.message, ...one.lines])
      return say(replies, codeBlock(lines.join('\n'), 'text', explanationCharsMax))
    }
    case 'track':
      return follow(speaking, asked.id)
    case 'command':
      return command(speaking, asked.command, count)
  }
}

async function command(
  speaking: Speaking,
  asked: Extract<Invocation, { kind: 'command' }>['command'],
  count: number,
): Promise<Stop | null> {
  const { ports, replies, actor, place, isFork, requestId } = speaking
  const apps = [...new Set(place.targets.map(({ app }) => app))]
  const refusal = beyondWriting(actor, asked, apps) ?? (isFork ? fromFork(asked) : null)
  const commands = {
    ...ports.commands,
    source: 'github' as const,
    ids: {
      next: (kind: 'event' | 'decision' | 'lock') =>
        kind === 'decision' ? ports.commands.ids.next(kind) : idOf(requestId, kind, count),
    },
  }
  const outcome = refusal ?? (await handle(commands, actor, asked))
  if (outcome.kind === 'refusal') {
    ports.log.info(
      { login: actor.login, verb: asked.verb, code: outcome.code },
      'refused what was asked for in a comment',
    )
    return { reaction: '-1', text: outcomeReply(outcome) }
  }
  if (outcome.kind === 'accepted') return follow(speaking, outcome.id)
  return say(replies, outcomeReply(outcome))
}

/** One request for each command of a comment, whatever is delivered twice. */
const idOf = (requestId: string, kind: 'event' | 'lock', count: number) =>
  `${kind === 'lock' ? requestId.replace(/^r-/, 'l-') : requestId}${count === 0 ? '' : `-${count}`}`

/** Whoever can open a pull request from a fork could otherwise release their code: R11. */
function fromFork(asked: { readonly verb: string; readonly dryRun?: boolean }) {
  const looks = [
    'status',
    'history',
    'artifacts',
    'artifact',
    'event',
    'decision',
    'locks',
    'whoami',
  ]
  if (looks.includes(asked.verb)) return null
  return refuse(
    'forbidden',
    'This pull request comes from a fork: nothing is released from it, and nothing changed',
  )
}

async function say(replies: Replies, text: string): Promise<null> {
  await replies.say(text)
  return null
}

async function follow({ ports, replies, actor }: Speaking, id: string): Promise<Stop | null> {
  const card = await lookAtRequest([ports.commands, actor], id)
  if (isRefusal(card)) return { reaction: '-1', text: outcomeReply(card) }
  await replies.follow(card.event.id)
  return null
}

function helpText(topic: string | undefined): string {
  const one = verbs.find(({ name }) => name === topic?.toLowerCase())
  if (one) return `${code(`/gimlet ${one.usage}`)}\n\n${words(one.summary)}`
  const rows = verbs.map(({ usage, summary }) => `- ${code(`/gimlet ${usage}`)} ${words(summary)}`)
  return [
    'In a pull request `release <env>[,<env>]` is enough: its apps, and the artifact of its head commit.',
    '',
    ...rows,
  ].join('\n')
}
