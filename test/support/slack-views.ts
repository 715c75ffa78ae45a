import { blockProblems } from './block-kit.ts'
import type { Json, SlackView, Workspace } from './slack-workspace.ts'

/** Given value by block id and action id: a text, the value of an option, or a state as Slack has it. */
export type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Does with a submitted modal what the answer says; answers what Slack would not do. */
export function followAnswer(workspace: Workspace, view: SlackView, answer: unknown): string[] {
  const { response_action: action, view: given, errors } = (answer ?? {}) as Json
  if (action === 'errors') {
    const inputs = view.blocks.filter(({ type }) => type === 'input').map((one) => one.block_id)
    const unknown = Object.keys(errors ?? {}).filter((id) => !inputs.includes(id))
    return unknown.map((id) => `errors.${id}: the view has no such input block`)
  }
  if (action === 'clear') workspace.views.length = 0
  else if (action === undefined) closeView(workspace, view)
  else if (blockProblems(given).length > 0) return []
  else if (action === 'update') workspace.updateView(view, given as Json)
  else {
    const below = { root_view_id: view.root_view_id, previous_view_id: view.id }
    workspace.views.push(workspace.makeView(given as Json, below))
  }
  return []
}

export function closeView({ views }: Workspace, { id }: SlackView): void {
  const at = views.findIndex((one) => one.id === id)
  if (at >= 0) views.splice(at, 1)
}

/** Interactive elements of blocks, with the block that each is in. */
export const elementsOf = (blocks: readonly Json[]) =>
  blocks.flatMap((block) =>
    [block.elements, block.accessory, block.element]
      .flat()
      .filter(Boolean)
      .map((element) => ({ block, element: element as Json })),
  )

export const plainText = (text: string) => ({ type: 'plain_text', text, emoji: true })

/** The option of an element that has this value, or one as an external source would have given. */
export function optionOf({ options, option_groups }: Json, value: unknown): unknown {
  const groups = ((option_groups ?? []) as Json[]).flatMap((group) => group.options as Json[])
  const known = [...((options ?? []) as Json[]), ...groups].find((one) => one.value === value)
  return known ?? { text: plainText(String(value)), value }
}

/** The view with what a person has filled in. */
export function filled(view: SlackView, values: Values): Json {
  const state: Record<string, Record<string, Json>> = {}
  const open = structuredClone(values) as Record<string, Record<string, unknown>>
  for (const { block, element } of elementsOf(view.blocks)) {
    const [blockId, actionId] = [String(block.block_id), String(element.action_id)]
    const value = stateOf(element, open[blockId]?.[actionId])
    delete open[blockId]?.[actionId]
    if (value) state[blockId] = { ...state[blockId], [actionId]: value }
  }
  const rest = Object.entries(open).flatMap(([id, left]) => Object.keys(left).map((one) => `${id}.${one}`)) // biome-ignore format: one value
  if (rest.length > 0) throw new Error(`the view has no ${rest.join(', ')} to fill in`)
  return { ...view, state: { values: state } }
}

function stateOf(element: Json, given: unknown): Json | undefined {
  const type = String(element.type)
  if (typeof given === 'object' && given !== null && !Array.isArray(given))
    return { type, ...given }
  if (/input$/.test(type)) return { type, value: given ?? element.initial_value ?? null }
  if (/^multi_(?:static|external)_select$|^checkboxes$/.test(type)) {
    const chosen = (given as unknown[] | undefined)?.map((value) => optionOf(element, value))
    return { type, selected_options: chosen ?? element.initial_options ?? [] }
  }
  if (/^(?:static|external)_select$|^radio_buttons$/.test(type)) {
    const chosen = given === undefined ? undefined : optionOf(element, given)
    return { type, selected_option: chosen ?? element.initial_option ?? null }
  }
  const simple = /^(date|time)picker$|^(user|channel|conversation)s_select$/.exec(type)
  const name = simple?.[1] ?? simple?.[2]
  return name ? { type, [`selected_${name}`]: given ?? element[`initial_${name}`] ?? null } : undefined // biome-ignore format: one value
}
