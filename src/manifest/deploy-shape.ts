import { z } from 'zod'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { compileGlob } from '../domain/glob.ts'
import { type DeployRule, deployEvents } from './deploy-trigger.ts'

/** How many rules a `deploy` may list, and how many message patterns each of them. */
const rulesMax = 20
const patternsMax = 50

/** The mappings of a YAML file are `Map`s, those of a posted artifact objects. */
const plain = (value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries(value) : value

/** GimletD's clients write a field that is not used as empty text. */
const blankToNull = (value: unknown): unknown =>
  value === '' || value === undefined ? null : value

/** What was written, as far as it helps to find it. */
const shown = (value: unknown): string => String(JSON.stringify(value)).slice(0, shownCharactersMax)
const shownCharactersMax = 80

const textRule = 'must be text; put quotes around it'

const pattern = z.string({ error: textRule }).superRefine((text, context) => {
  const glob = compileGlob(text)
  if (isRefusal(glob))
    context.addIssue({ code: 'custom', message: `${shown(text)}: ${glob.message}` })
})

const optional = <Of extends z.ZodType>(of: Of) => z.preprocess(blankToNull, of.nullable())

const eventRule = `must be ${deployEvents.slice(0, -1).join(', ')} or ${deployEvents.at(-1)}`
const event = z.enum(deployEvents, {
  error: ({ input }) => `${eventRule}; there is no event ${shown(input)}`,
})

const patternsRule = 'must be a list of patterns, such as ["*[deploy]*"]'

const rule = z.preprocess(
  plain,
  z.strictObject(
    {
      event: optional(event),
      branch: optional(pattern),
      tag: optional(pattern),
      commitMessagePatterns: z
        .array(pattern, { error: patternsRule })
        .max(patternsMax, `must have at most ${patternsMax} patterns`)
        .nullish()
        .transform((patterns) => patterns ?? []),
    },
    { error: ({ code, ...issue }) => (code === 'unrecognized_keys' ? keysText(issue) : ruleText) },
  ),
)

const ruleText = 'must be a mapping of event, branch, tag and commitMessagePatterns'

function keysText(issue: object): string {
  const [key = ''] = 'keys' in issue ? [issue.keys].flat() : []
  return `there is no key ${shown(key)}; it ${ruleText}`
}

/** `deploy` of a manifest: one rule or a list of them. A rule that says nothing is none. */
export const deployShape = z
  .unknown()
  .optional()
  .transform((value, context): readonly DeployRule[] => {
    const given: readonly unknown[] = Array.isArray(value) ? value : [value]
    if (given.length > rulesMax)
      context.addIssue({ code: 'custom', message: `must have at most ${rulesMax} rules` })
    return given.flatMap((one, at) => {
      if (blankToNull(one) === null) return []
      const { data, error } = rule.safeParse(one)
      // Of one rule nobody counted the place.
      const place = Array.isArray(value) ? [at] : []
      for (const { message, path } of error?.issues ?? [])
        context.addIssue({ code: 'custom', message, path: [...place, ...path] })
      return data && !isEmpty(data) ? [data] : []
    })
  })

const isEmpty = ({ event, branch, tag, commitMessagePatterns }: DeployRule): boolean =>
  (event ?? branch ?? tag) === null && commitMessagePatterns.length === 0

const cleanupText = 'must be a mapping of event, branch and app'

/** `cleanup` of a manifest. GimletD's never fires without branch and app, and ours says so. */
export const cleanupShape = z.preprocess(
  (value) => plain(blankToNull(value)),
  z
    .object(
      {
        event: optional(
          z.literal('branchDeleted', {
            error: ({ input }) => `must be branchDeleted; there is no event ${shown(input)}`,
          }),
        ),
        branch: optional(pattern),
        app: optional(z.string({ error: textRule }).max(500, 'must have at most 500 characters')),
      },
      { error: cleanupText },
    )
    .nullable()
    .transform((cleanup) => cleanup && { branch: cleanup.branch, app: cleanup.app }),
)

const rulesShape = z.object({ deploy: deployShape, cleanup: cleanupShape })

/** What is wrong with the rules of an artifact's own manifest, whatever else it holds. */
export function rulesProblem(environment: object, file: string): Refusal | null {
  const [issue] = rulesShape.safeParse(environment).error?.issues ?? []
  return issue ? refuse('invalid', `${file}: ${issue.path.join('.')}: ${issue.message}`) : null
}
