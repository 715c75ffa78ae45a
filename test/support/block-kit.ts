import { z } from 'zod'
import {
  home,
  message,
  messageBlocks,
  messageCharsMax,
  modal,
  suggestion,
  viewResponse,
} from './block-kit-schema.ts'

type Json = Readonly<Record<string, unknown>>

/** What Slack would not take of a message, a view, a list of blocks or an answer to Slack. */
export function blockProblems(payload: unknown): string[] {
  if (Array.isArray(payload)) return surface({ blocks: payload }, z.object({ blocks: messageBlocks }), 'message') // biome-ignore format: one value
  if (!isObject(payload)) return ['is not an object']
  if ('response_action' in payload) {
    const found = problemsOf(viewResponse, payload)
    const inside = isObject(payload.view) ? acrossBlocks(payload.view, 'modal') : []
    return [...found, ...inside.map((problem) => `view.${problem}`)]
  }
  if ('options' in payload || 'option_groups' in payload) return problemsOf(suggestion, payload)
  if ('title' in payload || payload.type === 'modal') return surface(payload, modal, 'modal')
  if (payload.type === 'home') return surface(payload, home, 'home')
  const found = surface(payload, message, 'message')
  const isDeleting = payload.delete_original === true
  if (payload.text === undefined && !isDeleting)
    found.push('text: is missing: screen readers and notifications read it')
  return found
}

type SurfaceKind = 'message' | 'modal' | 'home'

const surface = (payload: Json, schema: z.ZodType, kind: SurfaceKind): string[] => [
  ...problemsOf(schema, payload),
  ...acrossBlocks(payload, kind),
]

function problemsOf(schema: z.ZodType, payload: unknown): string[] {
  const issues = schema.safeParse(payload).error?.issues ?? []
  return issues.map(({ path, message }) => `${pathText(path) || 'payload'}: ${message}`)
}

const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')

/** What no block shows by itself: ids that are there twice, sums, blocks of another surface. */
function acrossBlocks(payload: Json, kind: SurfaceKind): string[] {
  const all = [payload.blocks, ...attachmentBlocks(payload)].flatMap((some) =>
    Array.isArray(some) ? some.filter(isObject) : [],
  )
  const of = (type: string) => all.filter((one) => one.type === type)
  const problems = twice(all.map((one) => one.block_id)).map((id) => `blocks: block_id ${id} twice`)
  for (const [at, one] of all.entries()) {
    const inside = [one.elements, one.accessory, one.element].flat().filter(isObject)
    const double = twice(inside.map(({ action_id }) => action_id))
    problems.push(...double.map((id) => `blocks[${at}]: action_id ${id} twice`))
  }
  const marked = all.flatMap((one) => [one.elements, one.element, one.accessory].flat())
  if (marked.filter((one) => isObject(one) && one.focus_on_load === true).length > 1)
    problems.push('blocks: focus_on_load twice')
  if (kind === 'modal' && of('input').length > 0 && payload.submit === undefined)
    problems.push('submit: is missing: the view has input blocks')
  if (kind !== 'message')
    return [...problems, ...[...of('table'), ...of('markdown')].map(({ type }) => `blocks: ${type} is for messages`)] // biome-ignore format: one value
  if (of('table').length > 1) problems.push('blocks: more than one table')
  const chars = charsOf(all)
  if (chars > messageCharsMax)
    problems.push(`blocks: ${chars} characters of text, more than ${messageCharsMax}`)
  return problems
}

const attachmentBlocks = ({ attachments }: Json): unknown[] =>
  Array.isArray(attachments) ? attachments.map((one) => (isObject(one) ? one.blocks : [])) : []

const twice = (ids: readonly unknown[]): unknown[] =>
  ids.filter((id, at) => id !== undefined && ids.indexOf(id) < at)

function charsOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + charsOf(one), 0)
  if (!isObject(value)) return 0
  return Object.entries(value).reduce((sum, [name, one]) => {
    if (name === 'text' && typeof one === 'string') return sum + one.length
    return sum + charsOf(one)
  }, 0)
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
