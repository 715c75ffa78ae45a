import { execFile } from 'node:child_process'

const outputBytesMax = 1 << 30

/** Runs git, and answers what it prints. */
export function git(folder: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((done, failed) => {
    const options = { cwd: folder, maxBuffer: outputBytesMax }
    const child = execFile('git', [...args], options, (error, stdout) =>
      error ? failed(error) : done(stdout),
    )
    // A command that reads nothing may be over already; whether it went well is its exit code's to say.
    child.stdin?.on('error', () => undefined).end(input)
  })
}
