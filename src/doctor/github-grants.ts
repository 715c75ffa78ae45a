import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Check, fine, warning, wrong } from './check.ts'
import type { AskedApp } from './github-app.ts'

/** What does not work without something that app.yml asks for. */
type Loss = { readonly isNeeded: boolean; readonly without: string }

export const permissionLosses: Readonly<Record<string, Loss>> = {
  metadata: { isNeeded: true, without: 'it sees no repository' },
  issues: { isNeeded: true, without: 'it cannot react to comments' },
  pull_requests: { isNeeded: true, without: 'it cannot answer in pull requests' },
  deployments: { isNeeded: false, without: 'releases are not shown as deployments' },
  statuses: { isNeeded: false, without: 'commits do not say where they run' },
  checks: { isNeeded: false, without: 'nobody sees what a merge would release' },
  contents: { isNeeded: true, without: 'it is not told of pushes and deleted branches' },
}

export const eventLosses: Readonly<Record<string, Loss>> = {
  issue_comment: { isNeeded: true, without: 'it hears no commands' },
  pull_request: { isNeeded: true, without: 'it does not know which commit is the head' },
  delete: { isNeeded: false, without: 'cleanup policies learn late of deleted branches' },
  push: { isNeeded: false, without: 'what is pushed counts minutes later' },
  repository: { isNeeded: false, without: 'a repository that is renamed keeps its apps late' },
  check_run: { isNeeded: false, without: '“Re-run” beside a check does nothing' },
  check_suite: { isNeeded: false, without: '“Re-run all checks” does nothing' },
}

/** Only where a manifest names a workflow: the last lines of app.yml's events. */
const optional = { events: ['workflow_run'], permissions: { actions: 'read' } } as const

const wantedShape = z.looseObject({
  default_events: z.array(z.string()),
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
})

/** What the app should have: app.yml is the one list. */
export async function wantedGrants(isWriter = false) {
  const text = await readFile(new URL('../../app.yml', import.meta.url), 'utf8')
  const { default_events: events, default_permissions: permissions } = wantedShape.parse(
    parse(text),
  )
  return { events, permissions: { ...permissions, ...(isWriter ? toWrite : {}) } }
}

const place = 'in the app’s settings under Permissions & events'
const add = `${place}, and accept it where the app is installed`

/** Only where the app writes the GitOps repositories: GITOPS_WRITER=github without a GITOPS_TOKEN. */
const toWrite = { contents: 'write' } as const
const writeLoss: Loss = { isNeeded: true, without: 'it cannot write the GitOps repository' }

/** Compares what the app may do and hears with app.yml. */
export async function grantChecks(app: AskedApp, isWriter: boolean): Promise<Check[]> {
  if (app.kind !== 'known')
    return [warning('permissions', 'and events are not known; correct the app first')]
  const wanted = await wantedGrants(isWriter).catch(() => null)
  if (wanted === null)
    return [
      warning(
        'permissions',
        'and events were not compared: app.yml is not where the program is; install the whole package',
      ),
    ]
  const permissions = [
    ...Object.entries(wanted.permissions).flatMap(([name, level]) =>
      permissionChecks({ name, level, granted: app.permissions[name] }, isWriter),
    ),
    ...Object.keys(app.permissions)
      .filter((name) => !(name in wanted.permissions) && !isOptional(name, app.permissions[name]))
      .map((name) => tooMuch('permissions', name)),
  ]
  const events = [
    ...wanted.events
      .filter((name) => !app.events.includes(name))
      .map((name) =>
        lossCheck('events', {
          missing: `${name} is missing`,
          loss: eventLosses[name],
          mend: `tick it ${place}`,
        }),
      ),
    ...app.events
      .filter((name) => ![...wanted.events, ...optional.events].includes(name))
      .map((name) => tooMuch('events', name)),
  ]
  return [
    ...(permissions.length > 0 ? permissions : [fine('permissions', 'are those of app.yml')]),
    ...(events.length > 0 ? events : [fine('events', 'are those of app.yml')]),
  ]
}

const isOptional = (name: string, level: string | undefined): boolean =>
  Object.entries(optional.permissions).some(([one, read]) => one === name && read === level)

type Compared = {
  readonly name: string
  readonly level: string
  readonly granted?: string | undefined
}

const levels: readonly (string | undefined)[] = [undefined, 'read', 'write', 'admin']

function permissionChecks({ name, level, granted }: Compared, isWriter: boolean): Check[] {
  if (granted === level) return []
  if (levels.indexOf(granted) > levels.indexOf(level))
    return [tooMuch('permissions', `${name}: ${granted}`, `set it to ${level}`)]
  const missing =
    granted === undefined ? `${name}: ${level} is missing` : `${name} is ${granted}, not ${level}`
  const mend = `set it to ${level} ${add}`
  const loss =
    isWriter && name in toWrite && granted !== undefined ? writeLoss : permissionLosses[name]
  return [lossCheck('permissions', { missing, loss, mend })]
}

type Lost = { readonly missing: string; readonly loss: Loss | undefined; readonly mend: string }

function lossCheck(check: string, { missing, loss, mend }: Lost): Check {
  const { isNeeded, without } = loss ?? { isNeeded: true, without: 'something will not work' }
  return (isNeeded ? wrong : warning)(check, `${missing}, so ${without}; ${mend}`)
}

const tooMuch = (check: string, name: string, mend = 'remove it'): Check =>
  warning(check, `${name} is more than is needed; ${mend} ${place}`)
