/** What came of a call of GitHub's API: always a value. */
export type GithubResult =
  | {
      readonly kind: 'ok'
      readonly status: number
      readonly data: unknown
      /** What to add to the parameters for the page after this one; `null` when it is the last. */
      readonly next?: Readonly<Record<string, string>> | null
    }
  /** Too many: nothing before this many milliseconds. */
  | { readonly kind: 'limited'; readonly afterMs: number }
  /** GitHub understood and said no. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  /** Nobody knows: no answer, or none that is GitHub's. */
  | { readonly kind: 'unreachable'; readonly problem: string }

/** How GitHub is spoken to. Never throws, never tries again. */
export type GithubApi = {
  /** `route` is one of Octokit's, such as `POST /repos/{owner}/{repo}/issues/{issue_number}/comments`. */
  call(
    installation: number,
    route: string,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<GithubResult>
  /** As the app itself: what is not of one installation. */
  callAsApp(route: string, parameters: Readonly<Record<string, unknown>>): Promise<GithubResult>
}
