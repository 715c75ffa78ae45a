import { z } from 'zod'
import type { GithubState } from './github-state.ts'

/** Who a commit is by, and when, as the API takes it. */
export const person = z.object({
  name: z.string(),
  email: z.string(),
  date: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
})

type Person = z.infer<typeof person>
type Given = { readonly author?: Person | undefined; readonly committer?: Person | undefined }

/** Who a commit is by; GitHub signs it, at its own time, when nobody says so. */
export function byLines(state: GithubState, given: Given): string[] {
  const date = state.now()
  const bot = { name: state.bot, email: `${state.bot}@users.noreply.github.com`, date }
  const github = { name: 'GitHub', email: 'noreply@github.com', date }
  const { author = bot, committer = given.author ?? github } = given
  const isGithubs = given.author === undefined && given.committer === undefined
  return [
    `author ${line(author)}`,
    `committer ${line(committer)}`,
    ...(isGithubs ? [`gpgsig ${signature(state.next())}`] : []),
  ]
}

const line = ({ name, email, date }: Person) =>
  `${name} <${email}> ${Date.parse(date) / 1000} +0000`

/** Never the same twice, as GitHub's time is not. */
const signature = (count: number) =>
  `-----BEGIN PGP SIGNATURE-----\n \n ${count}\n -----END PGP SIGNATURE-----`
