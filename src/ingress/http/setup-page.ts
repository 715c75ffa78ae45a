import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { style, styleHash } from './setup-style.ts'

/** What GitHub is asked to make, as far as it is shown here. */
export type AppManifest = {
  readonly name: string
  readonly default_permissions: Readonly<Record<string, string>>
}

export type Page = HtmlEscapedString | Promise<HtmlEscapedString>

/** Of every set-up page: no scripts, no frames, nothing kept, and forms go to us or to GitHub. */
export const headersOf = (website: string): Record<string, string> => ({
  'content-security-policy': [
    "default-src 'none'",
    `style-src '${styleHash}'`,
    `form-action 'self' ${website}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
})

/** Asks who it is, and for whom the app shall be made. The token that was given is never shown. */
export const formPage = ({
  organization,
  problem,
}: {
  organization: string
  problem: string | null
}): Page =>
  layout(
    'Connect GitHub',
    html`<p>GitHub shows you a new app with the permissions that GimletD needs, and makes it when you say yes. Its keys come straight back to this server, which keeps them in its data folder. Afterwards you start the server again and install the app in your repositories.</p>
${problem === null ? '' : html`<p class="problem" role="alert">${problem}</p>`}
<form method="post">
<label for="token">Administrator’s token</label>
<input id="token" name="token" type="password" autocomplete="off" required autofocus aria-describedby="token-hint">
<p class="hint" id="token-hint">Printed at the first start and kept in <code>admin.token</code> in the data folder, or what <code>GIMLET_ADMIN_TOKEN</code> says.</p>
<label for="organization">GitHub organization <span>(optional)</span></label>
<input id="organization" name="organization" value="${organization}" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="39" aria-describedby="organization-hint">
<p class="hint" id="organization-hint">Owns the app. Without one, your own account does.</p>
<button>Continue</button>
</form>`,
  )

type Sent = {
  readonly action: string
  readonly manifest: AppManifest
  readonly owner: string | null
  readonly publicUrl: string
}

/** Sends the manifest to GitHub, which asks once more. */
export const continuePage = ({ action, manifest, owner, publicUrl }: Sent): Page =>
  layout(
    'Make the app on GitHub',
    html`<p>GitHub asks for a name that nobody else has: change it there if it is taken. Come back within 30 minutes, in this browser.</p>
<dl>
<dt>Owner</dt><dd>${owner ?? 'your own account'}</dd>
<dt>GitHub will reach this server at</dt><dd>${publicUrl}</dd>
<dt>The app may write</dt><dd>${permissionsOf(manifest, 'write')}</dd>
<dt>The app may read</dt><dd>${permissionsOf(manifest, 'read')}</dd>
</dl>
<form method="post" action="${action}">
<input type="hidden" name="manifest" value="${JSON.stringify(manifest)}">
<button>Continue on GitHub</button>
</form>`,
  )

const permissionsOf = ({ default_permissions: all }: AppManifest, access: string): string =>
  Object.entries(all)
    .flatMap(([name, granted]) => (granted === access ? name.replaceAll('_', ' ') : []))
    .join(', ')

/** The app is made. `page` is its own at GitHub. */
export const madePage = (page: string | null): Page =>
  layout(
    'The app is made',
    html`<p>Its keys are kept in <code>github.yaml</code> in the data folder. Three steps are left:</p>
<ol>
<li>Start the server again, and GitHub is on.</li>
<li>${
      page === null
        ? 'Install the app in your repositories, on its page at GitHub.'
        : html`<a href="${page}/installations/new">Install the app</a> in your repositories.`
    }</li>
<li>Run <code>gimlet doctor github</code>, which says what is missing.</li>
</ol>`,
  )

/** Between the app and the next start. */
export const waitingPage = (): Page =>
  layout(
    'The app is made',
    html`<p>Start the server again, and GitHub is on. This page is gone then; <code>gimlet doctor github</code> says what is missing.</p>`,
  )

/** There is no sense in an app whose webhooks cannot come. */
export const unreachablePage = (): Page =>
  layout(
    'First give this server an address',
    html`<p>GitHub sends what happens to this server, so it has to reach it: at an <code>https</code> address that is not of this machine only.</p>
<p>Set <code>GIMLET_URL</code>, such as <code>GIMLET_URL=https://gimlet.example.com</code>, start the server again, and open this page at that address.</p>`,
  )

/** Says no, and what to do next. `again` is where to begin again, if that makes sense. */
export const noPage = ({ title, next, again }: No): Page =>
  layout(
    title,
    html`<p>${next}</p>${again === null ? '' : html`<p><a href="${again}">Begin again</a></p>`}`,
  )

type No = { readonly title: string; readonly next: string; readonly again: string | null }

const layout = (title: string, content: Page): Page =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · GimletD</title>
<style>${raw(style)}</style>
</head>
<body>
<header>GimletD set-up</header>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>`
