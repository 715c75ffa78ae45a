import { createHash } from 'node:crypto'

/** The one style of the set-up pages; nothing else is loaded by them. */
export const style = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --text: #1d2530; --soft: #5a6675; --line: #d9dee5; --edge: #8b96a5; --accent: #1f6f54; --on-accent: #fff; --bad: #a12622; --bad-ground: #fdf0ef; }
@media (prefers-color-scheme: dark) { :root { --ground: #12161c; --card: #1a2029; --text: #e6eaf0; --soft: #9ca8b8; --line: #313a47; --edge: #66748a; --accent: #55c39a; --on-accent: #0d1613; --bad: #ff9d96; --bad-ground: #33201f; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 3.5rem 1rem; background: var(--ground); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 35rem; margin: 0 auto; padding: 2rem 2.25rem 2.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
header { max-width: 35rem; margin: 0 auto 0.75rem; padding: 0 0.25rem; color: var(--soft); font-size: 0.875rem; letter-spacing: 0.02em; }
h1 { margin: 0 0 0.75rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; }
p, ol, dl { margin: 0 0 1.25rem; }
main > :last-child, form > :last-child { margin-bottom: 0; }
label { display: block; margin-bottom: 0.25rem; font-weight: 600; }
label span, .hint { color: var(--soft); font-size: 0.875rem; font-weight: 400; }
.hint { margin: 0.375rem 0 1.25rem; }
input { width: 100%; padding: 0.6rem 0.75rem; background: var(--ground); color: inherit; border: 1px solid var(--edge); border-radius: 0.5rem; font: inherit; }
button { padding: 0.65rem 1.25rem; background: var(--accent); color: var(--on-accent); border: 0; border-radius: 0.5rem; font: inherit; font-weight: 600; cursor: pointer; }
button:hover { filter: brightness(1.08); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); overflow-wrap: anywhere; }
code { padding: 0.1rem 0.35rem; background: var(--ground); border: 1px solid var(--line); border-radius: 0.3rem; font: 0.875em ui-monospace, monospace; overflow-wrap: anywhere; }
ol { padding-left: 1.4rem; }
li { margin-bottom: 0.6rem; padding-left: 0.25rem; }
dt { color: var(--soft); font-size: 0.875rem; }
dd { margin: 0 0 0.75rem; overflow-wrap: anywhere; }
.problem { padding: 0.65rem 0.85rem; background: var(--bad-ground); color: var(--bad); border-radius: 0.5rem; }
@media (max-width: 30rem) { body { padding: 1.25rem 0.75rem; } main { padding: 1.5rem 1.25rem; } button { width: 100%; } }
`

/** What Content-Security-Policy knows the style by. */
export const styleHash = `sha256-${createHash('sha256').update(style).digest('base64')}`
