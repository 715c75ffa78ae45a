import { z } from 'zod'
import { isSha } from '../../domain/names.ts'
import type { Pull, Repository } from './ports.ts'

const number = z.number().int().nonnegative()
const text = z.string().max(65_536)
const name = z.string().regex(/^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/)
const person = z.looseObject({ id: number, login: z.string().max(100), type: z.string() })
const repository = z.looseObject({
  id: number,
  full_name: name,
  default_branch: z.string().max(255).default('main'),
})
const installation = z.looseObject({ id: number })

/** What every event of a repository has that we look at. */
const base = { repository, installation, sender: person }
const sha = z.string().refine(isSha)

const commented = z.looseObject({
  ...base,
  action: z.string(),
  issue: z.looseObject({ number, state: z.string(), pull_request: z.looseObject({}).optional() }),
  comment: z.looseObject({ id: number, body: text.nullable(), user: person.nullable() }),
})
const pullShape = z.looseObject({
  number,
  state: z.string(),
  updated_at: z.string().optional(),
  head: z.looseObject({
    sha,
    ref: z.string().max(255),
    repo: z.looseObject({ id: number }).nullable(),
  }),
  base: z.looseObject({ ref: z.string().max(255), repo: z.looseObject({ id: number }) }),
  labels: z
    .array(z.looseObject({ name: z.string() }))
    .max(1_000)
    .default([]),
})
const pulled = z.looseObject({ ...base, action: z.string(), pull_request: pullShape })
const deleted = z.looseObject({ ...base, ref: z.string().max(255), ref_type: z.string() })
const pushed = z.looseObject({
  ...base,
  ref: z.string().max(300),
  after: z.string().default(''),
  deleted: z.boolean().default(false),
})
const named = z.looseObject({ ...base, action: z.string() })
const headed = z.looseObject({ head_sha: sha })
const rerequested = z.looseObject({
  ...base,
  action: z.literal('rerequested'),
  check_run: headed.optional(),
  check_suite: headed.optional(),
})

export type Commented = z.output<typeof commented>

const reader =
  <T>(shape: z.ZodType<T>) =>
  (payload: unknown): T | null =>
    shape.safeParse(payload).data ?? null

/** What every event has that an installation of the app was sent. */
export const readInstalled = reader(z.looseObject({ installation }))
export const readComment = reader(commented)
export const readPullEvent = reader(pulled)
export const readDelete = reader(deleted)
export const readPush = reader(pushed)
/** Of an event that is about a repository as a whole. */
export const readRepositoryEvent = reader(named)
export const readRerequest = reader(rerequested)
/** A pull request as the API answers it. */
export const readPull = reader(pullShape)

type Placed = {
  readonly repository: z.output<typeof repository>
  readonly installation: { id: number }
}

/** The repository that an event is about. */
export const repositoryIn = ({ repository: one, installation: of }: Placed): Repository => ({
  id: one.id,
  name: one.full_name,
  installation: of.id,
  defaultBranch: one.default_branch,
})

/** A pull request as it is kept: one whose code is in another repository is of a fork. */
export const pullOf = (given: z.output<typeof pullShape>, repositoryId: number): Pull => ({
  repositoryId,
  number: given.number,
  headSha: given.head.sha,
  headBranch: given.head.ref,
  baseBranch: given.base.ref,
  isFork: given.head.repo?.id !== given.base.repo.id,
  isOpen: given.state === 'open',
  labels: given.labels.map(({ name: label }) => label),
})

/** When GitHub says that it was so, in Unix seconds. */
export const updatedUnix = ({ updated_at: at }: z.output<typeof pullShape>): number | null => {
  const ms = Date.parse(at ?? '')
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000)
}
