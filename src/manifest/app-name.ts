import { z } from 'zod'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { isLabel, labelRule } from '../domain/names.ts'
import { hashedName } from '../domain/preview.ts'
import { hasTemplate, parseTemplate } from './template.ts'
import { fill, type Variables } from './variables.ts'

/** `app` of a manifest: a name, or a text with variables that comes to one. */
export const appShape = z.string({ error: `must be ${labelRule}` }).superRefine((text, context) => {
  const parts = hasTemplate(text) ? parseTemplate(text) : []
  if (isRefusal(parts)) context.addIssue({ code: 'custom', message: parts.message })
  else if (!hasTemplate(text) && !isLabel(text))
    context.addIssue({ code: 'custom', message: `must be ${labelRule}` })
})

/** The name that stands before the first variable: `web-{{ .BRANCH }}` is of the app `web`. */
export const fixedName = (app: string): string =>
  hasTemplate(app) ? app.slice(0, app.indexOf('{{')).replace(/-+$/, '') : app

/** True of an app that every branch has under its own name: only its own artifacts may go there. */
export const isOfBranch = (template: string | null): boolean =>
  template !== null && /\.(?:BRANCH|PR)\b/.test(template)

/**
 * The app that a text with variables names. What is too long for a name, or ends in a dash because
 * nothing of the branch fits into one, gets a hash of the branch: so no two branches share it.
 */
export function appNameOf(template: string, variables: Variables): string | Refusal {
  const filled = fill(template, variables)
  if (isRefusal(filled)) return filled
  const name = String(filled)
  if (isLabel(name)) return name
  const isShortenable = /^[a-z0-9][a-z0-9-]*$/.test(name)
  return isShortenable
    ? hashedName(name, `${name}\n${variables.get('BRANCH') ?? ''}`)
    : refuse(
        'invalid',
        `it comes to ${JSON.stringify(name.slice(0, 80))}, which is no name; write {{ .BRANCH | sanitizeDNSName }} for a branch, so that it is ${labelRule}`,
      )
}
