const bodyBytes = 1024

/** A commit id for each number, scattered as real ones are, so that indexes grow at random places. */
export const shaOf = (number, run) => {
  const scattered = (Math.imul(number, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')
  return `${scattered}${number.toString(16).padStart(8, '0')}${run}`
}

/** The end of every commit id of one run: two runs on one data folder share no artifact. */
export const newRun = () => Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString('hex')

export const idOf = (sha) => `web-${sha}`

/** An artifact as CI posts it, of 1 KiB of JSON unless it names another size. */
export function artifactOf({ repository, branch, sha, id = idOf(sha), bytes = bodyBytes }) {
  const artifact = {
    id,
    version: {
      repositoryName: repository,
      sha,
      branch,
      event: 'push',
      authorName: 'Ada Lovelace',
      authorEmail: 'ada@example.com',
      committerName: 'Ada Lovelace',
      committerEmail: 'ada@example.com',
      message: '',
      url: `https://github.com/${repository}/commit/${sha}`,
    },
    items: [
      { name: 'ci', url: `https://ci.example.com/${repository}/84` },
      { name: 'image', repository: `registry.example.com/${repository}`, tag: sha },
    ],
  }
  const missing = Math.max(0, bytes - JSON.stringify(artifact).length)
  artifact.version.message = 'Show the price with tax. '.repeat(40).slice(0, missing)
  return artifact
}
