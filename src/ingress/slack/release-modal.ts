import { z } from 'zod'
import { handle } from '../../commands/handle.ts'
import { artifactsFor, lookAtRequest, placesFor } from '../../commands/look.ts'
import { isRefusal } from '../../domain/fault.ts'
import { isArtifactId, isLabel } from '../../domain/names.ts'
import type { SlackResult } from '../../messages/slack/api.ts'
import { said } from '../../messages/slack/message.ts'
import {
  artifactOption,
  type Choice,
  choices,
  type Option,
  option,
  type Preview,
  releaseModal,
} from '../../messages/slack/modals.ts'
import { code, emoji, text } from '../../messages/slack/rich.ts'
import { answerPrivately, type Heard } from './heard.ts'

/** A look at a change that takes longer is announced. */
const lookingMs = 600
const optionsMax = 100
/** The most characters of an option's value. */
const valueCharsMax = 150

const label = z.string().refine(isLabel).nullable().catch(null)
const choiceShape = z.object({
  channel: z.string().max(40).nullable().catch(null),
  app: label,
  env: label,
  artifactId: z.string().max(valueCharsMax).refine(isArtifactId).nullable().catch(null),
})

/** The choice that a modal of ours keeps. */
export function choiceIn(metadata: string): Choice {
  try {
    return choiceShape.parse(JSON.parse(metadata))
  } catch {
    return { channel: null, app: null, env: null, artifactId: null }
  }
}

type Opening = {
  readonly triggerId: string
  readonly channel: string | null
  /** A request whose artifact and place are chosen already. */
  readonly like?: string | null
}

/** Opens the release modal, with what is known of it already. */
export async function openRelease(
  heard: Heard,
  { triggerId, channel, like = null }: Opening,
): Promise<void> {
  const { ports, answerer, speaker, actor, context } = heard
  const card = like === null ? null : await lookAtRequest([ports.commands, actor], like)
  const known = card === null || isRefusal(card) ? null : card.event
  const choice: Choice = {
    channel,
    app: known?.app ?? null,
    env: known?.env ?? null,
    artifactId: null,
  }
  const view = releaseModal(choice, { kind: 'none' })
  const opened = await ports.api.call('views.open', { trigger_id: triggerId, view })
  if (opened.kind === 'ok') return
  ports.log.warn({ result: opened }, 'Slack did not open a window')
  const words = ' Slack did not open the window in time. Please try again, or type '
  const message = said([
    emoji('warning'),
    text(words),
    code(`${context.command} release <app> <env>`),
  ])
  await answerPrivately(answerer, speaker, message)
}

const chosenShape = z.looseObject({
  view: z.looseObject({ id: z.string(), hash: z.string(), private_metadata: z.string() }),
  actions: z
    .array(
      z.looseObject({
        action_id: z.string(),
        selected_option: z.looseObject({ value: z.string() }).nullish(),
      }),
    )
    .min(1),
})

/** Takes a choice into the modal, and shows what it would do as soon as all is chosen. */
export async function onChosen(heard: Heard): Promise<void> {
  const { view, actions } = chosenShape.parse(heard.body)
  const [action] = actions
  const value = action?.selected_option?.value ?? null
  const before = choiceIn(view.private_metadata)
  const choice = choiceShape.parse(chosen(before, action?.action_id ?? '', value))
  const window = { id: view.id, hash: view.hash }
  if (choice.artifactId === null) {
    await show(heard, window, releaseModal(choice, { kind: 'none' }))
    return
  }
  const looked = look(heard, choice)
  const soon = await Promise.race([looked, later(lookingMs)])
  if (soon !== undefined) {
    await show(heard, window, releaseModal(choice, soon))
    return
  }
  const shown = await show(heard, window, releaseModal(choice, { kind: 'looking' }))
  const hash = hashIn(shown)
  // Someone who has chosen something else meanwhile sees that, and not this.
  if (hash !== null) await show(heard, { id: view.id, hash }, releaseModal(choice, await looked))
}

const later = (ms: number) =>
  new Promise<undefined>((done) => setTimeout(() => done(undefined), ms))

function chosen(before: Choice, action: string, value: string | null): Choice {
  const { channel, app, env } = before
  if (action === choices.app) return { channel, app: value, env: null, artifactId: null }
  if (action === choices.env) return { channel, app, env: value, artifactId: null }
  return { channel, app, env, artifactId: value }
}

async function show(
  { ports }: Heard,
  { id, hash }: { id: string; hash: string },
  view: unknown,
): Promise<SlackResult> {
  const updated = await ports.api.call('views.update', { view_id: id, hash, view })
  if (updated.kind !== 'ok') ports.log.debug({ result: updated }, 'a window was not updated')
  return updated
}

function hashIn(shown: SlackResult): string | null {
  const shape = z.looseObject({ view: z.looseObject({ hash: z.string() }) })
  const read = shape.safeParse(shown.kind === 'ok' ? shown.body : null)
  return read.data?.view.hash ?? null
}

async function look({ ports, actor }: Heard, choice: Choice): Promise<Preview> {
  const { app, env, artifactId } = choice
  if (app === null || env === null || artifactId === null) return { kind: 'none' }
  try {
    const asked = { verb: 'release', app, env, artifactId, dryRun: true } as const
    const outcome = await handle(ports.commands, actor, asked)
    if (outcome.kind === 'refusal') return { kind: 'problem', message: outcome.message }
    const [plan] = outcome.kind === 'plans' ? outcome.plans : []
    return plan
      ? { kind: 'plan', plan }
      : { kind: 'problem', message: 'There is nothing to release' }
  } catch (error) {
    ports.log.error({ err: error }, 'what a release would do could not be looked at')
    return {
      kind: 'problem',
      message: 'This could not be looked at now; choose it again in a moment',
    }
  }
}

const optionsShape = z.looseObject({
  action_id: z.string(),
  value: z.string(),
  view: z.looseObject({ private_metadata: z.string() }),
})

/** What can be chosen, of what fits the words that were typed. */
export async function onOptions(heard: Heard): Promise<void> {
  const { action_id: action, value, view } = optionsShape.parse(heard.body)
  const options = await optionsFor(heard, {
    action,
    typed: value,
    ...choiceIn(view.private_metadata),
  })
  await heard.answerer.answer({ options: options.slice(0, optionsMax) })
}

type Sought = Choice & { readonly action: string; readonly typed: string }

async function optionsFor({ ports, actor }: Heard, sought: Sought): Promise<Option[]> {
  const { action, typed, app, env } = sought
  const asked = [ports.commands, actor] as const
  if (action === choices.artifact) {
    const found = app === null ? [] : await artifactsFor(asked, { app, env, text: typed })
    return isRefusal(found)
      ? []
      : found.filter(({ id }) => id.length <= valueCharsMax).map(artifactOption)
  }
  const places = await placesFor(asked)
  if (isRefusal(places)) return []
  const names =
    action === choices.app
      ? places.map((place) => place.app)
      : places.filter((place) => place.app === app).map((place) => place.env)
  const fitting = [...new Set(names)].filter((one) => one.includes(typed.trim().toLowerCase()))
  return fitting.map((one) => option(one, one))
}
