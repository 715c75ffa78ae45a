type Json = Readonly<Record<string, unknown>>

/** A message, a window or a Home tab on the page of all of them. */
export type Entry = {
  readonly section: string
  readonly name: string
  /** When it is sent, to whom, or what to look at. */
  readonly note?: string
  readonly payload: object
}

/** What the names of emoji that GimletD uses look like. */
export const emojis: Readonly<Record<string, string>> = {
  hourglass_flowing_sand: '⏳',
  hourglass: '⌛',
  raised_hand: '✋',
  no_entry_sign: '🚫',
  no_entry: '⛔',
  fast_forward: '⏩',
  warning: '⚠️',
  rewind: '⏪',
  package: '📦',
  x: '❌',
  white_check_mark: '✅',
  rotating_light: '🚨',
  thumbsup: '👍',
  lock: '🔒',
  unlock: '🔓',
  wave: '👋',
  grey_question: '❔',
  rocket: '🚀',
  information_source: 'ℹ️',
}

const escaped = (words: unknown) =>
  String(words)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : [])
const part = (value: unknown): Json => (value ?? {}) as Json
/** The words of a text object. Nothing in it is parsed: we send no mrkdwn. */
const textOf = (value: unknown) => escaped(part(value).text ?? '')
/** `UALICE` is `@alice`: the gallery names users so. */
const chip = (id: unknown) =>
  `<span class="user">@${escaped(String(id).slice(1).toLowerCase())}</span>`
const unknown = (one: Json) => `<code class="unknown">${escaped(JSON.stringify(one))}</code>`

function inline(one: Json): string {
  const style = part(one.style)
  const body: Readonly<Record<string, () => string>> = {
    text: () => escaped(one.text).replaceAll('\n', '<br>'),
    link: () => `<a title="${escaped(one.url)}">${escaped(one.text ?? one.url)}</a>`,
    user: () => chip(one.user_id),
    emoji: () => emojis[String(one.name)] ?? `:${escaped(one.name)}:`,
    date: () => `<time>${escaped(one.fallback)}</time>`,
  }
  const shown = body[String(one.type)]?.() ?? unknown(one)
  const tags = { code: 'code', bold: 'b', italic: 'i', strike: 's' } as const
  return Object.entries(tags).reduce(
    (inner, [name, tag]) => (style[name] === true ? `<${tag}>${inner}</${tag}>` : inner),
    shown,
  )
}

function rich(one: Json): string {
  const inner = list(one.elements)
  switch (one.type) {
    case 'rich_text_list':
      return `<ul>${inner.map((item) => `<li>${rich(item)}</li>`).join('')}</ul>`
    case 'rich_text_preformatted':
      return `<pre>${inner.map(({ text }) => escaped(text)).join('')}</pre>`
    case 'rich_text_quote':
      return `<blockquote>${inner.map(inline).join('')}</blockquote>`
    default:
      return inner.map(inline).join('')
  }
}

/** What can be clicked, chosen or filled in. */
function element(one: Json): string {
  const type = String(one.type)
  if (type === 'button')
    return `<span class="button ${escaped(one.style ?? '')}">${textOf(one.text)}</span>`
  if (type.endsWith('_text_input')) {
    const most = one.max_length
      ? `<small>at most ${escaped(one.max_length)} characters</small>`
      : ''
    const words = one.initial_value ? escaped(one.initial_value) : textOf(one.placeholder)
    return `<span class="field">${words || '&nbsp;'}</span>${most}`
  }
  if (!type.includes('select')) return unknown(one)
  const chosen = one.initial_option ? textOf(part(one.initial_option).text) : ''
  const empty = `<span class="empty">${textOf(one.placeholder)}</span>`
  return `<span class="field select">${chosen || empty}<span>▾</span></span>`
}

/** What a button asks before it does anything. */
function confirmOf(one: Json): string {
  if (!one.confirm) return ''
  const { title, text, confirm, deny } = one.confirm as Json
  const keys = `<span class="key">${textOf(deny)}</span> <span class="key">${textOf(confirm)}</span>`
  return `<div class="asks">${textOf(one.text)} asks first: <b>${textOf(title)}</b> ${textOf(text)} ${keys}</div>`
}

function block(one: Json): string {
  switch (one.type) {
    case 'rich_text':
      return list(one.elements).map(rich).join('')
    case 'actions': {
      const all = list(one.elements)
      return `<div class="row">${all.map(element).join('')}</div>${all.map(confirmOf).join('')}`
    }
    case 'section':
      return `<div class="section"><span>${textOf(one.text)}</span>${one.accessory ? element(part(one.accessory)) : ''}</div>`
    case 'input':
      return `<div class="label">${textOf(one.label)}${one.optional ? ' <small>(optional)</small>' : ''}</div>${element(part(one.element))}`
    case 'header':
      return `<div class="header">${textOf(one.text)}</div>`
    case 'context':
      return `<small>${list(one.elements).map(textOf).join(' ')}</small>`
    case 'divider':
      return '<hr>'
    default:
      return unknown(one)
  }
}

const blocks = (payload: Json) =>
  list(payload.blocks)
    .map((one) => `<div class="block">${block(one)}</div>`)
    .join('')

const avatar = '<span class="avatar">G</span>'

function surface(payload: Json): string {
  if (payload.type === 'modal') {
    const { title, submit, close } = payload
    const keys = [
      ...(close ? [`<span class="button">${textOf(close)}</span>`] : []),
      ...(submit ? [`<span class="button primary">${textOf(submit)}</span>`] : []),
    ]
    return `<div class="modal"><div class="title">${avatar}<b>${textOf(title)}</b><span>✕</span></div><div class="body">${blocks(payload)}</div><div class="foot">${keys.join('')}</div></div>`
  }
  if (payload.type === 'home')
    return `<div class="home"><div class="title">${avatar}<b>GimletD</b><span class="tab">Home</span></div><div class="body">${blocks(payload)}</div></div>`
  return `<div class="message">${avatar}<div class="body"><div class="by"><b>GimletD</b> <span class="app">APP</span></div>${blocks(payload)}</div></div>`
}

/** The words that a notification shows: entities and mentions read as Slack reads them. */
const heard = (words: unknown) =>
  escaped(words)
    .replaceAll(/&lt;@(\w+)&gt;/g, (_, id: string) => chip(id))
    .replaceAll(/&amp;(amp|lt|gt);/g, '&$1;')

const idOf = (words: string) => words.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')

function shown({ section, name, note, payload }: Entry): string {
  const { text } = payload as Json
  return `<article id="${idOf(`${section} ${name}`)}"><h3>${escaped(name)}</h3>
${note ? `<p class="note">${escaped(note)}</p>\n` : ''}${surface(payload as Json)}
${text ? `<p class="heard"><b>Notification</b> ${heard(text)}</p>\n` : ''}</article>`
}

const style = `
:root{color-scheme:light dark;--back:#fff;--text:#1d1c1d;--soft:#616061;--line:#0002;--fill:#1d1c1d0a;--page:#f6f6f7;--link:#1264a3;--chip:#1d9bd11f;--code:#c01343;--green:#007a5a;--red:#c01343}
@media (prefers-color-scheme:dark){:root{--back:#1a1d21;--text:#d1d2d3;--soft:#9a9b9e;--line:#fff2;--fill:#ffffff0d;--page:#121417;--link:#1d9bd1;--chip:#1d9bd133;--code:#e8912d;--green:#148567;--red:#c93257}}
*{box-sizing:border-box}body{font:15px/1.467 Lato,"Segoe UI",system-ui,sans-serif;background:var(--page);color:var(--text);max-width:50rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;margin:.5rem 0}h2{font-size:1.3rem;margin:3rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}h3{font-size:13px;margin:1.6rem 0 .3rem;color:var(--text)}
nav{columns:2;font-size:13px;line-height:1.5}nav section{break-inside:avoid;margin-bottom:.8rem}nav a{display:block}nav b a{font-size:14px}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}.note,.heard{color:var(--soft);font-size:12.5px;margin:.3rem 0}.heard{white-space:pre-line;overflow-wrap:anywhere;padding-left:.2rem}.heard b{font-weight:600;font-size:11px;border:1px solid var(--line);border-radius:3px;padding:0 .3em;margin-right:.2em}
.message,.home,.modal{background:var(--back);border:1px solid var(--line);border-radius:8px;overflow-wrap:anywhere}.message{display:flex;gap:.5rem;padding:.6rem 1rem .7rem}.message .body{flex:1;min-width:0}
.modal{max-width:32.5rem;box-shadow:0 4px 16px #0003}.title{display:flex;align-items:center;gap:.5rem;padding:.8rem 1.2rem;border-bottom:1px solid var(--line);font-size:1.15rem}.title b{flex:1}.title span:last-child{color:var(--soft)}.modal>.body,.home>.body{padding:.7rem 1.2rem}.foot{display:flex;justify-content:flex-end;padding:.8rem 1.2rem;border-top:1px solid var(--line)}.tab{font-size:13px;border-bottom:2px solid var(--green);color:var(--text)!important}
.avatar{flex:none;width:36px;height:36px;border-radius:6px;background:linear-gradient(135deg,#2b6cb0,#2f855a);color:#fff;font-weight:700;font-size:18px;display:inline-flex;align-items:center;justify-content:center}.title .avatar{width:24px;height:24px;font-size:13px}
.by{line-height:1.2}.app{font-size:10px;background:var(--fill);color:var(--soft);border-radius:2px;padding:1px 3px;vertical-align:1px}.block{margin:.25rem 0 .45rem}.block:last-child{margin-bottom:0}.header{font-size:18px;font-weight:700}
code{font:12px/1.5 Menlo,Consolas,monospace;color:var(--code);background:var(--fill);border:1px solid var(--line);border-radius:3px;padding:1px 3px}code a{color:inherit}.unknown{outline:2px solid red}
pre{font:12px/1.5 Menlo,Consolas,monospace;background:var(--fill);border:1px solid var(--line);border-radius:4px;padding:.5rem;margin:.25rem 0;white-space:pre-wrap}ul{margin:.1rem 0;padding-left:1.6rem}hr{border:0;border-top:1px solid var(--line);margin:.8rem 0}blockquote{border-left:4px solid var(--line);margin:0;padding-left:.7rem}
.row,.foot{gap:.5rem;flex-wrap:wrap}.row{display:flex}.button{border:1px solid var(--line);border-radius:4px;padding:.2rem .75rem;font-weight:700;font-size:13px;background:var(--back)}.primary{background:var(--green);border-color:var(--green);color:#fff}.danger{background:var(--red);border-color:var(--red);color:#fff}
.asks{font-size:12.5px;color:var(--soft);border-left:3px solid var(--line);margin:.45rem 0 0;padding-left:.6rem}.key{border:1px solid var(--line);border-radius:3px;padding:0 .4em;font-weight:600}
.user{background:var(--chip);color:var(--link);border-radius:3px;padding:0 2px}time{border-bottom:1px dotted var(--soft)}small{color:var(--soft);font-size:12px}.section{display:flex;justify-content:space-between;gap:1rem;align-items:center}.section .field{flex:0 1 16rem}.label{font-weight:700;margin-bottom:.2rem}.field{display:block;border:1px solid var(--line);border-radius:4px;padding:.3rem .6rem;background:var(--back)}.select{display:flex;justify-content:space-between;font-size:13px;padding:.2rem .6rem}.empty{color:var(--soft)}`

/** Every entry about as Slack would show it: one page without scripts and without anything from elsewhere. */
export function page(entries: readonly Entry[]): string {
  const sections = [...new Set(entries.map(({ section }) => section))]
  const of = (section: string) => entries.filter((one) => one.section === section)
  const index = sections.map((section) => {
    const links = of(section).map(
      ({ name }) => `<a href="#${idOf(`${section} ${name}`)}">${escaped(name)}</a>`,
    )
    return `<section><b><a href="#${idOf(section)}">${escaped(section)}</a></b>${links.join('')}</section>`
  })
  const body = sections.map(
    (section) =>
      `<h2 id="${idOf(section)}">${escaped(section)}</h2>\n${of(section).map(shown).join('\n')}`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>What GimletD says in Slack</title><style>${style}
</style></head><body>
<h1>What GimletD says in Slack</h1>
<p>Every message, window and tab, made by the code that sends them. Under each message stands what a notification shows of it. Moments are in UTC here, in Slack in the reader’s own time zone.</p>
<nav>${index.join('\n')}</nav>
${body.join('\n')}
</body></html>
`
}
