/** Files that people write, policies or manifests, as they stood at one moment. */
export type Sources = {
  /** Names this content: the same version is the same files. */
  readonly version: string
  /** Text by path below the folder. */
  readonly files: ReadonlyMap<string, string>
}
