import type { Artifact } from '../../domain/artifact.ts'
import type { RequestCard, RollbackPlan } from '../../domain/card.ts'
import type { Plan } from '../../domain/outcome.ts'
import { planBlocks } from './answer.ts'
import type { SlackContext } from './context.ts'
import { plain } from './message.ts'
import {
  type Block,
  bold,
  code,
  emoji,
  italic,
  type Line,
  label,
  lines,
  moment,
  text,
} from './rich.ts'
import { headLine } from './stage.ts'

/** A modal as Slack takes it. */
export type View = {
  readonly type: 'modal'
  readonly callback_id: string
  readonly title: ReturnType<typeof plain>
  readonly close: ReturnType<typeof plain>
  readonly submit?: ReturnType<typeof plain>
  readonly private_metadata: string
  readonly blocks: readonly Block[]
}

export const modals = {
  release: 'release',
  reject: 'reject',
  rollback: 'rollback',
  done: 'done',
} as const

/** What the release modal has chosen so far. It is kept in the modal itself. */
export type Choice = {
  readonly channel: string | null
  readonly app: string | null
  readonly env: string | null
  readonly artifactId: string | null
}

/** The blocks whose choices are looked up while someone types, by what they choose. */
export const choices = {
  app: 'choose-app',
  env: 'choose-env',
  artifact: 'choose-artifact',
} as const

const modal = (
  id: string,
  { title, submit, metadata }: { title: string; submit?: string; metadata: unknown },
  blocks: readonly Block[],
): View => ({
  type: 'modal',
  callback_id: id,
  title: plain(title),
  close: plain(submit === undefined ? 'Close' : 'Cancel'),
  ...(submit === undefined ? {} : { submit: plain(submit) }),
  private_metadata: JSON.stringify(metadata),
  blocks,
})

/** What stands under the choices of the release modal. */
export type Preview =
  | { readonly kind: 'none' }
  | { readonly kind: 'looking' }
  | { readonly kind: 'problem'; readonly message: string }
  | { readonly kind: 'plan'; readonly plan: Plan }

const diffCharsMax = 2_500

/**
 * The release modal: app, environment and artifact. It has no button before the verdict and the change
 * of just this choice are shown, and none when they would be refused.
 */
export function releaseModal(choice: Choice, preview: Preview): View {
  const { app, env, artifactId } = choice
  const verdict = preview.kind === 'plan' ? preview.plan.decision.verdict : 'deny'
  const canAsk = preview.kind === 'plan' && verdict !== 'deny' && preview.plan.problem === null
  const submit = verdict === 'hold' ? 'Ask for it' : 'Release'
  const blocks = [
    chooser('App', choices.app, { id: 'app', chosen: app }),
    // Another id for another app: Slack would keep what was chosen for the last one.
    ...(app === null
      ? []
      : [chooser('Environment', choices.env, { id: `env-${app}`, chosen: env })]),
    ...(app === null || env === null
      ? []
      : [
          chooser('Artifact', choices.artifact, {
            id: `artifact-${app}-${env}`,
            chosen: artifactId,
          }),
        ]),
    ...previewBlocks(preview),
    ...(canAsk ? [reasonInput(false)] : []),
  ]
  return modal(
    modals.release,
    { title: 'Release', ...(canAsk ? { submit } : {}), metadata: choice },
    blocks,
  )
}

function previewBlocks(preview: Preview): Block[] {
  switch (preview.kind) {
    case 'none':
      return [lines([italic('Choose what to release; then you see what would change.')])]
    case 'looking':
      return [lines([emoji('hourglass_flowing_sand'), text(' Looking at what would change…')])]
    case 'problem':
      return [lines([emoji('no_entry'), text(` ${preview.message}`)])]
    case 'plan':
      return planBlocks(preview.plan, diffCharsMax)
  }
}

function chooser(words: string, action: string, at: { id: string; chosen: string | null }): Block {
  return {
    type: 'section',
    block_id: at.id,
    text: plain(words),
    accessory: {
      type: 'external_select',
      action_id: action,
      placeholder: plain('Type to search'),
      min_query_length: 0,
      ...(at.chosen === null ? {} : { initial_option: option(at.chosen, at.chosen) }),
    },
  }
}

export type Option = {
  readonly text: ReturnType<typeof plain>
  readonly value: string
  readonly description?: ReturnType<typeof plain>
}

/** Slack's limits of an option: 75 characters of text and of description, 150 of value. */
const optionCharsMax = 75

export const option = (words: string, value: string, description?: string): Option => ({
  text: plain(label(words, optionCharsMax)),
  value,
  ...(description === undefined ? {} : { description: plain(label(description, optionCharsMax)) }),
})

/** An artifact as a choice: its branch, commit and subject; its id is the value. */
export function artifactOption({ id, version }: Artifact): Option {
  const { branch, tag, sha, message, authorName } = version
  const subject = message.split('\n', 1)[0] ?? ''
  const words = `${tag || branch || sha.slice(0, 8)} ${sha.slice(0, 8)} ${subject}`
  return option(words, id, `${id}${authorName ? ` by ${authorName}` : ''}`)
}

const reasonInput = (isNeeded: boolean): Block => ({
  type: 'input',
  block_id: 'reason',
  optional: !isNeeded,
  label: plain('Reason'),
  element: { type: 'plain_text_input', action_id: 'reason', max_length: 500 },
})

/** Asks why a request is rejected. */
export function rejectModal(
  card: RequestCard,
  { channel, isOwn }: { channel: string | null; isOwn: boolean },
): View {
  const metadata = { id: card.event.id, channel }
  return modal(
    modals.reject,
    { title: isOwn ? 'Withdraw' : 'Reject', submit: isOwn ? 'Withdraw' : 'Reject', metadata },
    [lines(headLine(card), [code(card.event.artifactId ?? card.event.id)]), reasonInput(!isOwn)],
  )
}

/** Shows from what to what a rollback goes, and asks to say so. */
export function rollbackModal({ env, app, from, to }: RollbackPlan, channel: string | null): View {
  const metadata = { env, app, from: from.id, to: to.gitopsRef, channel }
  const rows: Line[] = [
    [text('Roll back '), bold(app), text(' in '), bold(env)],
    [text('From '), code(from.artifactId), text(', released '), moment(from.created)],
    [text('To '), code(to.artifactId), text(', released '), moment(to.created)],
    [italic('Nothing automatic goes there afterwards until someone unlocks it.')],
  ]
  return modal(modals.rollback, { title: 'Roll back', submit: 'Roll back', metadata }, [
    lines(...rows),
    reasonInput(false),
  ])
}

/** What became of a modal: the same window says so. */
export const doneModal = (card: RequestCard, { command }: SlackContext): View =>
  modal(modals.done, { title: 'Asked for', metadata: {} }, [
    lines(headLine(card), [
      text('Follow it in the channel, or with '),
      code(`${command} track ${card.event.id}`),
    ]),
  ])
