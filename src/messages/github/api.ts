/** What came of a call of GitHub's API: always a value. */
export type GithubResult =
  | { readonly kind: 'ok'; readonly status: number; readonly data: unknown }
  /** Too many: nothing before this many milliseconds. */
  | { readonly kind: 'limited'; readonly afterMs: number }
  /** GitHub understood and said no. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  /** Nobody knows: no answer, or none that is GitHub's. */
  | { readonly kind: 'unreachable'; readonly problem: string }

/** How GitHub is spoken to, as an installation of the app. Never throws, never tries again. */
export type GithubApi = {
  /** `route` is one of Octokit's, such as `POST /repos/{owner}/{repo}/issues/{issue_number}/comments`. */
  call(
    installation: number,
    route: string,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<GithubResult>
}
