type Json = Readonly<Record<string, unknown>>
type Entry = { readonly section: string; readonly name: string; readonly payload: object }

const emojis: Readonly<Record<string, string>> = {
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
  information_source: 'ℹ️', // biome-ignore format: one list
}

const escaped = (text: unknown) =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : [])
const textOf = (value: unknown) => escaped((value as Json | undefined)?.text ?? '')

function inline(one: Json): string {
  const style = (one.style ?? {}) as Json
  const body = {
    text: () => escaped(one.text).replaceAll('\n', '<br>'),
    link: () => `<a>${escaped(one.text)}</a>`,
    user: () => `<span class="user">@${escaped(String(one.user_id).slice(1).toLowerCase())}</span>`,
    emoji: () => emojis[String(one.name)] ?? `:${escaped(one.name)}:`,
    date: () => `<span class="date">${escaped(one.fallback)}</span>`,
  }[String(one.type)]
  const shown = body ? body() : escaped(JSON.stringify(one))
  if (style.code) return `<code>${shown}</code>`
  return style.bold ? `<b>${shown}</b>` : style.italic ? `<i>${shown}</i>` : shown
}

function rich(one: Json): string {
  const inner = list(one.elements)
  if (one.type === 'rich_text_list') return `<ul>${inner.map((item) => `<li>${rich(item)}</li>`).join('')}</ul>` // biome-ignore format: one line
  if (one.type === 'rich_text_preformatted') return `<pre>${inner.map((part) => escaped(part.text)).join('')}</pre>` // biome-ignore format: one line
  return inner.map(inline).join('')
}

function element(one: Json): string {
  if (one.type === 'button') {
    const confirm = one.confirm ? ` <small>asks: ${textOf((one.confirm as Json).text)}</small>` : ''
    return `<span class="button ${escaped(one.style ?? '')}">${textOf(one.text)}</span>${confirm}`
  }
  const chosen = (one.initial_option as Json | undefined)?.text ?? one.placeholder
  return `<span class="input">${textOf(chosen)}&nbsp;▾</span>`
}

function block(one: Json): string {
  switch (one.type) {
    case 'rich_text':
      return `<div>${list(one.elements).map(rich).join('')}</div>`
    case 'actions':
      return `<div class="row">${list(one.elements).map(element).join(' ')}</div>`
    case 'section':
      return `<div class="row"><b>${textOf(one.text)}</b> ${one.accessory ? element(one.accessory as Json) : ''}</div>`
    case 'input':
      return `<div>${textOf(one.label)}${one.optional ? ' (optional)' : ''}<br><span class="input wide">&nbsp;</span></div>`
    case 'divider':
      return '<hr>'
    default:
      return `<div>${escaped(JSON.stringify(one))}</div>`
  }
}

function shown({ name, payload }: Entry): string {
  const { blocks, title, submit, close, text } = payload as Json
  const head = title ? `<div class="head">${textOf(title)}</div>` : ''
  const foot = close ? `<div class="row foot"><span class="button">${textOf(close)}</span> ${submit ? `<span class="button primary">${textOf(submit)}</span>` : ''}</div>` : '' // biome-ignore format: one value
  const heard = text ? `<p class="heard">Notification: ${escaped(text)}</p>` : ''
  return `<h3>${escaped(name)}</h3><div class="card">${head}${list(blocks).map(block).join('')}${foot}</div>${heard}`
}

const style = `:root{color-scheme:light dark}body{font:15px/1.45 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
.card{border:1px solid #8885;border-radius:8px;padding:.8rem 1rem;overflow-wrap:anywhere}.card>div{margin:.4rem 0}
code{background:#8882;border-radius:3px;padding:0 .2em;color:#c7254e}pre{background:#8881;border:1px solid #8884;border-radius:4px;padding:.5rem;white-space:pre-wrap;font-size:12px}
.button{border:1px solid #8886;border-radius:4px;padding:.15rem .6rem;font-weight:600;font-size:13px}.primary{background:#007a5a;color:#fff}.danger{background:#c01343;color:#fff}
.user{background:#1d9bd122;color:#1264a3;border-radius:3px;padding:0 .15em}a{color:#1264a3;text-decoration:underline}.input{border:1px solid #8886;border-radius:4px;padding:.1rem .5rem;color:#888}.wide{display:block}
.head{font-weight:700;font-size:17px}.foot{text-align:right}.heard{color:#888;font-size:12px;margin:.3rem 0 1.2rem;white-space:pre-line}h3{font-size:13px;color:#888;margin:1.2rem 0 .3rem}ul{margin:.2rem 0;padding-left:1.3rem}small{color:#888}`

/** Every entry as Slack would show it, about: one page without scripts and without anything from elsewhere. */
export function page(entries: readonly Entry[]): string {
  const sections = [...new Set(entries.map(({ section }) => section))]
  const index = sections
    .map((one) => `<a href="#${one.replaceAll(' ', '-')}">${escaped(one)}</a>`)
    .join(' · ')
  const body = sections.map((section) => `<h2 id="${section.replaceAll(' ', '-')}">${escaped(section)}</h2>\n${entries.filter((one) => one.section === section).map(shown).join('\n')}`) // biome-ignore format: one value
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>What GimletD says in Slack</title><style>${style}</style></head><body>
<h1>What GimletD says in Slack</h1>
<p>Every message, window and tab, made by the code that sends them. ${index}</p>
${body.join('\n')}
</body></html>
`
}
