import { actionOf } from '../../commands/authorize.ts'
import { parseWords } from '../../commands/grammar.ts'
import type { Invocation } from '../../commands/invocation.ts'
import { explain, lookAtRequest } from '../../commands/look.ts'
import { verbs } from '../../commands/verbs.ts'
import { whoami } from '../../commands/whoami.ts'
import { splitWords } from '../../commands/words.ts'
import type { Actor } from '../../domain/actor.ts'
import { isRefusal } from '../../domain/fault.ts'
import { answer } from '../../messages/slack/answer.ts'
import type { SlackContext } from '../../messages/slack/context.ts'
import type { SlackMessage } from '../../messages/slack/message.ts'
import { explanationMessage, helpMessage, problemMessage } from '../../messages/slack/notes.ts'
import { requestMessage } from '../../messages/slack/request.ts'
import { ordered } from './ordered.ts'
import type { SlackPorts } from './ports.ts'

export type Typed = {
  readonly text: string
  readonly actor: Actor
  /** The id of the request that the words may make. */
  readonly requestId: string
  readonly context: SlackContext
}

/** What typed words led to. */
export type Said = {
  readonly message: SlackMessage
  /** The request that the message is about: it is kept up to date. */
  readonly follows: string | null
  /** Of nobody's business but the person's who typed. */
  readonly isPrivate: boolean
}

/** Carries out what someone typed in Slack and answers what to show. The same grammar as everywhere. */
export async function carryOutTyped(ports: SlackPorts, typed: Typed): Promise<Said> {
  const split = splitWords(typed.text)
  const nowUnix = Math.floor(ports.commands.clock.nowMs() / 1000)
  const invocation = split.kind === 'problem' ? split : parseWords(split.words, nowUnix)
  return carryOut(ports, typed, invocation)
}

async function carryOut(ports: SlackPorts, typed: Typed, asked: Invocation): Promise<Said> {
  const { actor, context } = typed
  switch (asked.kind) {
    case 'problem':
      return only(problemMessage(asked, context))
    case 'help':
      return only(await help(ports, typed, asked.topic))
    case 'explain': {
      const told = await explain([ports.commands, actor], asked.id)
      return isRefusal(told) ? only(answer(told, context)) : open(explanationMessage(told))
    }
    case 'track':
      return follow(ports, typed, asked.id)
    case 'command': {
      const outcome = await ordered(ports, typed, asked.command)
      if (outcome.kind === 'accepted') return follow(ports, typed, outcome.id)
      const message = answer(outcome, context)
      return outcome.kind === 'refusal' ? only(message) : open(message)
    }
  }
}

const only = (message: SlackMessage): Said => ({ message, follows: null, isPrivate: true })
const open = (message: SlackMessage): Said => ({ message, follows: null, isPrivate: false })

async function follow(ports: SlackPorts, { actor, context }: Typed, id: string): Promise<Said> {
  const card = await lookAtRequest([ports.commands, actor], id)
  return isRefusal(card)
    ? only(answer(card, context))
    : { message: requestMessage(card, context), follows: card.event.id, isPrivate: false }
}

/** The verbs that this person may use, with names of things that are there. */
async function help(
  ports: SlackPorts,
  typed: Typed,
  topic: string | undefined,
): Promise<SlackMessage> {
  const { actor, context } = typed
  const one = verbs.find(({ name }) => name === topic?.toLowerCase())
  if (topic !== undefined && !one)
    return problemMessage(
      { message: `There is no command "${topic}"`, suggestions: ['help'] },
      context,
    )
  if (one) return helpMessage([one], { examples: [], isWhole: false }, context)
  const outcome = whoami(actor)
  const may = new Set(outcome.kind === 'whoami' ? outcome.whoami.actions : [])
  const known = Object.entries(actionOf)
  const rows = verbs.filter(({ name }) => {
    const action = known.find(([verb]) => verb === verbOf(name))?.[1]
    // Whoever may ask may take it back.
    return action === undefined || may.has(action) || (name === 'reject' && may.has('release'))
  })
  const [running] = await ports.commands.releases.running({})
  const { app = 'web', env = 'production' } = running ?? {}
  const examples = [`status ${app}`, `diff ${app} ${env}`, `history ${app} ${env}`]
  return helpMessage(rows, { examples, isWhole: true }, context)
}

/** What the verbs of the grammar are as commands, where they are called otherwise. */
const verbOf = (name: string): string =>
  ({ promote: 'release', diff: 'release', track: 'event', explain: 'event' })[name] ?? name
