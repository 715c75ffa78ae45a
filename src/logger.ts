type Write = (fields: object, text: string) => void

/** What every part needs of the log. */
export type Logger = {
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
}
