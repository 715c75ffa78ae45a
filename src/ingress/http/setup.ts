import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Authenticate } from '../../commands/authenticate.ts'
import { authorize } from '../../commands/authorize.ts'
import type { Actor } from '../../domain/actor.ts'
import { assertNever, isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { statusOf } from './errors.ts'
import {
  type AppManifest,
  continuePage,
  formPage,
  headersOf,
  madePage,
  noPage,
  type Page,
  unreachablePage,
  waitingPage,
} from './setup-page.ts'
import { SetupStates, stateSeconds } from './setup-states.ts'

export const setupPath = '/setup'
const bodyBytesMax = 8 << 10
const cookieName = 'gimlet_setup'

export type SetupPorts = {
  /** GitHub as people see it: an origin. */
  readonly website: string
  /** Our public base URL; `null` when GitHub cannot reach it. */
  readonly publicUrl: string | null
  /** True when an app was made, and waits for the server to be started again. */
  readonly isMade: () => boolean
  /** What GitHub is asked to make. */
  readonly manifest: (wanted: Wanted) => Promise<AppManifest>
  /** Gets the app's keys for the code that GitHub gave, once, and keeps them. */
  readonly make: (code: string) => Promise<Making>
}

type Wanted = { readonly publicUrl: string; readonly organization: string | null }

export type Making =
  /** `page` is the app's own at GitHub, where that is known. */
  | { readonly kind: 'made'; readonly page: string | null }
  | { readonly kind: 'made before' }
  | { readonly kind: 'not converted' | 'not kept'; readonly problem: string }

type Ports = {
  readonly setup: SetupPorts
  readonly authenticate: Authenticate
  readonly clock: { nowMs(): number }
}

/** The pages on which the GitHub App is made: a form, a way to GitHub, and the way back. */
export function setupRoutes({ setup, authenticate, clock }: Ports): Hono {
  const states = new SetupStates()
  const headers = headersOf(setup.website)
  const answer = (c: Context, page: Page, status: ContentfulStatusCode = 200) =>
    c.html(page, status, headers)
  const again = `${setup.publicUrl ?? ''}${setupPath}`
  const tooLarge = (c: Context) =>
    answer(c, noPage({ title: 'The form is too large', next: 'Nothing was changed.', again }), 413)
  return new Hono()
    .use(bodyLimit({ maxSize: bodyBytesMax, onError: tooLarge }))
    .get('/', (c) => answer(c, closedPage(setup) ?? formPage({ organization: '', problem: null })))
    .post('/', async (c) => {
      const { publicUrl } = setup
      const closed = closedPage(setup)
      if (closed !== null || publicUrl === null) return answer(c, closed ?? unreachablePage(), 409)
      const form = new URLSearchParams(await c.req.text())
      const organization = form.get('organization')?.trim() ?? ''
      const token = form.get('token')?.trim() ?? ''
      const refused = refusalOf(token === '' ? undefined : await authenticate(token), organization)
      if (refused !== null)
        return answer(c, formPage({ organization, problem: refused.message }), statusOf(refused))
      const { state, cookie } = states.make(clock.nowMs())
      setCookie(c, cookieName, cookie, { ...cookieOf(publicUrl), maxAge: stateSeconds })
      const owner = organization === '' ? null : organization
      const manifest = await setup.manifest({ publicUrl, organization: owner })
      const action = `${setup.website}${newAppPath(owner)}?state=${state}`
      return answer(c, continuePage({ action, manifest, owner, publicUrl }))
    })
    .get('/done', async (c) => {
      const { code = '', state = '' } = c.req.query()
      const cookie = getCookie(c, cookieName) ?? ''
      if (!isCode(code) || !states.take({ state, cookie }, clock.nowMs()))
        return answer(c, setup.isMade() ? doneBeforePage() : strangerPage(again), 403)
      deleteCookie(c, cookieName, cookieOf(setup.publicUrl ?? ''))
      const making = await setup.make(code)
      return answer(c, makingPage(making, again), statusOfMaking[making.kind])
    })
}

const restart = 'Its keys are kept. Start the server again, and GitHub is on.'
const deletion = 'If GitHub has made an app just now, delete it there'

const doneBeforePage = () =>
  noPage({ title: 'The app was made before', next: restart, again: null })

const strangerPage = (again: string) =>
  noPage({
    title: 'This link cannot be used',
    next: `It works once, within 30 minutes, and in the browser that it was begun in. Nothing was changed here. ${deletion}.`,
    again,
  })

/** What is shown instead of the form; `null` when the form may be. */
function closedPage({ isMade, publicUrl }: SetupPorts): Page | null {
  if (isMade()) return waitingPage()
  return publicUrl === null ? unreachablePage() : null
}

function refusalOf(actor: Actor | Refusal | undefined, organization: string): Refusal | null {
  if (isRefusal(actor)) return actor
  if (actor === undefined)
    return refuse('unauthenticated', 'That is not a valid token. Copy the administrator’s again.')
  const refused = authorize(actor, 'set up GitHub', { env: null, app: null, repository: null })
  if (refused !== null) return refused
  return organization === '' || isOrganization(organization)
    ? null
    : refuse('invalid', 'An organization is named as in its address at GitHub, such as acme-inc.')
}

const isOrganization = (name: string) => /^[a-z\d](?:-?[a-z\d]){0,38}$/i.test(name)
const isCode = (code: string) => /^[\w-]{1,100}$/.test(code)

const newAppPath = (owner: string | null) =>
  owner === null ? '/settings/apps/new' : `/organizations/${owner}/settings/apps/new`

/** A proxy may serve us below a path of its own. */
const cookieOf = (publicUrl: string) =>
  ({
    httpOnly: true,
    sameSite: 'Lax',
    path: `${URL.canParse(publicUrl) ? new URL(publicUrl).pathname.replace(/\/$/, '') : ''}${setupPath}`,
    secure: publicUrl.startsWith('https:'),
  }) as const

const statusOfMaking = {
  made: 200,
  'made before': 409,
  'not converted': 502,
  'not kept': 500,
} as const

function makingPage(making: Making, again: string): Page {
  switch (making.kind) {
    case 'made':
      return madePage(making.page)
    case 'made before':
      return noPage({
        title: 'An app was made before',
        next: `${restart} ${deletion}: one is enough.`,
        again: null,
      })
    case 'not converted':
      return noPage({
        title: 'GitHub did not hand over the keys',
        next: `${making.problem}. ${deletion}.`,
        again,
      })
    case 'not kept':
      return noPage({
        title: 'The keys could not be kept',
        next: `${making.problem}. See that the server can write to its data folder. ${deletion}.`,
        again,
      })
    default:
      return assertNever(making)
  }
}
