/** What repositories are called now, as GitHub tells it. */
export type RepositoryNames = {
  /** By every name that was ever used: the name of now of the repository that had it first. */
  readonly ofNames: ReadonlyMap<string, string>
  /** By GitHub's number. */
  readonly ofIds: ReadonlyMap<number, string>
}
