type Started = {
  readonly url: string
  readonly token: string
  readonly tokenFile: string
  /** The CLI finds this server without being told where it is. */
  readonly isDefault: boolean
}

/** What to try first; pasted as it stands, from the folder that the server was started in. */
export function welcome({ url, token, tokenFile, isDefault }: Started): string {
  const settings = isDefault ? [] : [`export GIMLET_SERVER=${url} GIMLET_TOKEN=$(cat ${tokenFile})`]
  const lines = [
    ...settings,
    'npx gimlet artifact push -f examples/artifact.json --wait',
    'npx gimlet status',
    'npx gimlet release web production',
  ]
  return `
GimletD is ready at ${url}. Nothing is released yet. Try, from another terminal in this folder:

${lines.map((line) => `  ${line}\n`).join('')}
The administrator's token, shown this once and kept in ${tokenFile}:
  ${token}

`
}
