import { describe, expect, it } from 'vitest'
import { blockProblems } from './block-kit.ts'

const x = (length: number) => 'x'.repeat(length)
const times = <T>(length: number, make: (at: number) => T) => Array.from({ length }, (_, at) => make(at)) // biome-ignore format: one value
const plain = (length: number) => ({ type: 'plain_text', text: x(length) })
const mrkdwn = (length: number) => ({ type: 'mrkdwn', text: x(length) })
const said = (...blocks: object[]) => ({ text: 'said', blocks })
const modal = (given: object = {}) => ({ type: 'modal', title: plain(24), blocks: [], ...given })
const button = (given: object = {}) => ({ type: 'button', text: plain(1), ...given })
const actions = (...elements: object[]) => said({ type: 'actions', elements })
const confirm = (given: object) => actions(button({ confirm: { text: plain(1), ...given } }))
const option = (given: object = {}) => ({ text: plain(1), value: 'v', ...given })
const select = (given: object) => actions({ type: 'static_select', ...given })
const external = { type: 'external_select', action_id: 'app', min_query_length: 0 }
const input = (given: object = {}) => ({ type: 'input', label: plain(1), element: { type: 'plain_text_input' }, ...given }) // biome-ignore format: one value
const cell = { type: 'raw_text', text: 'x' }
const table = (rows: number, cells: number) => said({ type: 'table', rows: times(rows, () => times(cells, () => cell)) }) // biome-ignore format: one value
const divider = { type: 'divider' }
const rich = (...elements: object[]) => said({ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }) // biome-ignore format: one value

type Row = { name: string; max: number; make: (size: number) => unknown; at: string }
const limits: Row[] = [
  { name: 'blocks of a message', max: 50, make: (n) => said(...times(n, () => divider)), at: 'blocks: ' },
  { name: 'a list of blocks', max: 50, make: (n) => times(n, () => divider), at: 'blocks: ' },
  { name: 'blocks of a view', max: 100, make: (n) => modal({ blocks: times(n, () => divider) }), at: 'blocks: ' },
  { name: 'text of a message', max: 40_000, make: (n) => ({ text: x(n) }), at: 'text: ' },
  { name: 'text of a section', max: 3000, make: (n) => said({ type: 'section', text: mrkdwn(n) }), at: 'blocks[0].text.text: ' },
  { name: 'fields', max: 10, make: (n) => said({ type: 'section', fields: times(n, () => mrkdwn(1)) }), at: 'blocks[0].fields: ' },
  { name: 'text of a field', max: 2000, make: (n) => said({ type: 'section', fields: [plain(n)] }), at: 'blocks[0].fields[0].text: ' },
  { name: 'a header', max: 150, make: (n) => said({ type: 'header', text: plain(n) }), at: 'blocks[0].text.text: ' },
  { name: 'elements of a context', max: 10, make: (n) => said({ type: 'context', elements: times(n, () => mrkdwn(1)) }), at: 'blocks[0].elements: ' },
  { name: 'elements of actions', max: 25, make: (n) => actions(...times(n, () => button())), at: 'blocks[0].elements: ' },
  { name: 'text of a button', max: 75, make: (n) => actions(button({ text: plain(n) })), at: 'blocks[0].elements[0].text.text: ' },
  { name: 'value of a button', max: 2000, make: (n) => actions(button({ value: x(n) })), at: 'blocks[0].elements[0].value: ' },
  { name: 'url of a button', max: 3000, make: (n) => actions(button({ url: x(n) })), at: 'blocks[0].elements[0].url: ' },
  { name: 'action_id', max: 255, make: (n) => actions(button({ action_id: x(n) })), at: 'blocks[0].elements[0].action_id: ' },
  { name: 'block_id', max: 255, make: (n) => said({ ...divider, block_id: x(n) }), at: 'blocks[0].block_id: ' },
  { name: 'title of a confirmation', max: 100, make: (n) => confirm({ title: plain(n) }), at: 'blocks[0].elements[0].confirm.title.text: ' },
  { name: 'text of a confirmation', max: 300, make: (n) => confirm({ text: mrkdwn(n) }), at: 'blocks[0].elements[0].confirm.text.text: ' },
  { name: 'yes of a confirmation', max: 30, make: (n) => confirm({ confirm: plain(n) }), at: 'blocks[0].elements[0].confirm.confirm.text: ' },
  { name: 'no of a confirmation', max: 30, make: (n) => confirm({ deny: plain(n) }), at: 'blocks[0].elements[0].confirm.deny.text: ' },
  { name: 'options', max: 100, make: (n) => select({ options: times(n, () => option()) }), at: 'blocks[0].elements[0].options: ' },
  { name: 'option groups', max: 100, make: (n) => select({ option_groups: times(n, () => ({ label: plain(75), options: [option()] })) }), at: 'blocks[0].elements[0].option_groups: ' },
  { name: 'text of an option', max: 75, make: (n) => select({ options: [option({ text: plain(n) })] }), at: 'blocks[0].elements[0].options[0].text.text: ' },
  { name: 'value of an option', max: 150, make: (n) => select({ options: [option({ value: x(n) })] }), at: 'blocks[0].elements[0].options[0].value: ' },
  { name: 'description of an option', max: 75, make: (n) => select({ options: [option({ description: plain(n) })] }), at: 'blocks[0].elements[0].options[0].description.text: ' },
  { name: 'a placeholder', max: 150, make: (n) => actions({ ...external, placeholder: plain(n) }), at: 'blocks[0].elements[0].placeholder.text: ' },
  { name: 'a label', max: 2000, make: (n) => said(input({ label: plain(n) })), at: 'blocks[0].label.text: ' },
  { name: 'a hint', max: 2000, make: (n) => said(input({ hint: plain(n) })), at: 'blocks[0].hint.text: ' },
  { name: 'title of a modal', max: 24, make: (n) => modal({ title: plain(n) }), at: 'title.text: ' },
  { name: 'submit of a modal', max: 24, make: (n) => modal({ submit: plain(n) }), at: 'submit.text: ' },
  { name: 'close of a modal', max: 24, make: (n) => modal({ close: plain(n) }), at: 'close.text: ' },
  { name: 'private_metadata', max: 3000, make: (n) => modal({ private_metadata: x(n) }), at: 'private_metadata: ' },
  { name: 'callback_id', max: 255, make: (n) => modal({ callback_id: x(n) }), at: 'callback_id: ' },
  { name: 'rows of a table', max: 100, make: (n) => table(n, 1), at: 'blocks[0].rows: ' },
  { name: 'cells of a table', max: 20, make: (n) => table(1, n), at: 'blocks[0].rows[0]: ' },
  { name: 'all texts', max: 12_000, make: (n) => said(...times(4, () => ({ type: 'section', text: mrkdwn(2500) })), { type: 'markdown', text: x(n - 10_000) }), at: 'blocks: ' },
  { name: 'suggested options', max: 100, make: (n) => ({ options: times(n, () => option()) }), at: 'options: ' },
  { name: 'title of a view in a response', max: 24, make: (n) => ({ response_action: 'update', view: modal({ title: plain(n) }) }), at: 'view.title.text: ' },
] // biome-ignore format: a table

describe('a limit of Block Kit', () => {
  it.each(limits)('holds for $name', ({ max, make, at }) => {
    expect(blockProblems(make(max))).toEqual([])
    expect(blockProblems(make(max + 1))).toEqual([expect.stringMatching(new RegExp(`^${at.replaceAll(/[[\].]/g, '\\$&')}`))]) // biome-ignore format: one value
  })
})

describe('blocks', () => {
  it.each([
    { name: 'rich text', given: rich({ type: 'text', text: 'x', style: { bold: true } }, { type: 'user', user_id: 'U1' }) },
    { name: 'an external select', given: actions(external) },
    { name: 'a modal with an input', given: modal({ submit: plain(1), blocks: [input()] }) },
    { name: 'a home tab', given: { type: 'home', blocks: [divider] } },
    { name: 'no options', given: { options: [] } },
    { name: 'errors', given: { response_action: 'errors', errors: { reason: 'Say why' } } },
    { name: 'the end of a message', given: { delete_original: true } },
    { name: 'an update', given: { channel: 'C1', ts: '1.0', text: 'x', blocks: [] } },
  ])('are taken: $name', ({ given }) => expect(blockProblems(given)).toEqual([])) // biome-ignore format: a table

  it.each([
    { name: 'an unknown block', given: said({ type: 'sektion' }), at: 'blocks[0].type: ' },
    { name: 'an unknown element', given: actions({ type: 'knob' }), at: 'blocks[0].elements[0].type: ' },
    { name: 'an unknown key', given: said({ ...divider, colour: 'red' }), at: 'blocks[0]: ' },
    { name: 'a text that is empty', given: said({ type: 'section', text: mrkdwn(0) }), at: 'blocks[0].text.text: ' },
    { name: 'an empty section', given: said({ type: 'section' }), at: 'blocks[0]: ' },
    { name: 'mrkdwn in a header', given: said({ type: 'header', text: mrkdwn(1) }), at: 'blocks[0].text.type: ' },
    { name: 'mrkdwn in an option', given: select({ options: [option({ text: mrkdwn(1) })] }), at: 'blocks[0].elements[0].options[0].text.type: ' },
    { name: 'a style that is not known', given: actions(button({ style: 'default' })), at: 'blocks[0].elements[0].style: ' },
    { name: 'an external select without an id', given: actions({ type: 'external_select' }), at: 'blocks[0].elements[0].action_id: ' },
    { name: 'options and groups', given: select({}), at: 'blocks[0].elements[0]: ' },
    { name: 'a block_id twice', given: said({ ...divider, block_id: 'a' }, { ...divider, block_id: 'a' }), at: 'blocks: block_id a twice' },
    { name: 'an action_id twice', given: actions(button({ action_id: 'a' }), button({ action_id: 'a' })), at: 'blocks[0]: action_id a twice' },
    { name: 'no text for screen readers', given: { blocks: [divider] }, at: 'text: ' },
    { name: 'an empty text', given: { text: '' }, at: 'text: ' },
    { name: 'inputs without submit', given: modal({ blocks: [input()] }), at: 'submit: ' },
    { name: 'submit on a home tab', given: { type: 'home', blocks: [], submit: plain(1) }, at: 'payload: ' },
    { name: 'two tables', given: said(...times(2, () => ({ type: 'table', rows: [[cell]] }))), at: 'blocks: more than one table' },
    { name: 'a table in a modal', given: modal({ blocks: [{ type: 'table', rows: [[cell]] }] }), at: 'blocks: table is for messages' },
    { name: 'an answer that names no error', given: { response_action: 'errors', errors: {} }, at: 'errors: ' },
    { name: 'an unknown answer', given: { response_action: 'reload' }, at: 'response_action: ' },
    { name: 'no object', given: 'ok', at: 'is not an object' },
  ])('are refused: $name', ({ given, at }) => {
    const found = blockProblems(given)
    expect(found).toHaveLength(1)
    expect(found[0]?.startsWith(at), found[0]).toBe(true)
  }) // biome-ignore format: a table
})
