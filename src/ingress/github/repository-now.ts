import { z } from 'zod'
import type { RecordPorts, Repository } from './ports.ts'

const shape = z.looseObject({
  id: z.number(),
  full_name: z.string().regex(/^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/),
  default_branch: z.string().max(255),
})

type NamePorts = Pick<RecordPorts, 'pulls' | 'api'>

/**
 * A repository that GitHub told of, kept under its name of now; `null` when GitHub knows it no more.
 * What comes late names it as it was called then. So before a repository gives up a name, or takes one
 * that another has, GitHub is asked by its number: apps go with names (A9, F16). Throws what may pass.
 */
export async function repositoryNow(
  { pulls, api }: NamePorts,
  told: Repository,
): Promise<Repository | null> {
  const known = await pulls.knows(told)
  if (known === 'same') return told
  const now = known === 'moves' ? await asked(api, told) : told
  if (now !== null) await pulls.keepRepository(now)
  return now
}

async function asked(api: NamePorts['api'], told: Repository): Promise<Repository | null> {
  const route = 'GET /repositories/{repository_id}'
  const answer = await api.call(told.installation, route, { repository_id: told.id })
  if (answer.kind === 'refused' && answer.status === 404) return null
  const { data } = shape.safeParse(answer.kind === 'ok' ? answer.data : null)
  if (data?.id !== told.id) throw new Error('asking GitHub what a repository is called now')
  return { ...told, name: data.full_name, defaultBranch: data.default_branch }
}
