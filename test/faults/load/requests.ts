import { createHmac } from 'node:crypto'

/** What is sent, and what it is known by when it was kept. */
export type Prepared = { readonly id: string; readonly bytes: Buffer }

/** Which requests are made; each of a run is another one. */
export type Mix = {
  /** `mixed` is half artifacts and half GitHub's deliveries; `unsigned` are deliveries that nobody signed. */
  readonly kind: 'artifacts' | 'mixed' | 'unsigned'
  /** Names the run: no other may have these artifacts and commits. */
  readonly run: string
  readonly count: number
  readonly token: string
  readonly secret: string
  /** Artifacts go to these in turn. */
  readonly apps: readonly string[]
  /** One artifact in so many is of the branch that the triggers send on; none when it is 0. */
  readonly releasedOneIn: number
}

/** Requests as they go over the wire, signed beforehand. */
export const prepare = (mix: Mix): Prepared[] =>
  Array.from({ length: mix.count }, (_, number) => {
    if (mix.kind === 'unsigned') return delivery(mix, number, 'sha256='.padEnd(71, '0'))
    return mix.kind === 'mixed' && number % 2 === 1 ? delivery(mix, number) : artifact(mix, number)
  })

const usualBytes = 700
/** A commit that is of this run and number alone. */
const shaOf = ({ run }: Mix, number: number) =>
  `${Buffer.from(run).toString('hex')}${number.toString(16).padStart(8, '0')}`.padStart(40, '0')

function artifact(mix: Mix, number: number): Prepared {
  const { run, token, apps, releasedOneIn } = mix
  const app = apps[number % apps.length] ?? 'web'
  const at = mix.kind === 'mixed' ? number / 2 : number
  const isReleased = releasedOneIn > 0 && at % releasedOneIn === 0
  const body = JSON.stringify({
    id: `${run}-${number}`,
    version: {
      ...{ repositoryName: `acme/${app}`, sha: shaOf(mix, number), event: 'push' },
      branch: isReleased ? 'main' : 'feature/load',
      message: 'x'.repeat(usualBytes),
    },
    items: [{ name: 'image', repository: `registry.example.com/acme/${app}`, tag: `v${number}` }],
  })
  const headers = [`authorization: Bearer ${token}`]
  return { id: `${run}-${number}`, bytes: wire('/api/artifact', headers, body) }
}

function delivery(mix: Mix, number: number, signature?: string): Prepared {
  const after = shaOf(mix, number)
  const body = JSON.stringify({
    ...{ ref: 'refs/heads/main', before: '0'.repeat(40), after, deleted: false },
    repository: { id: 7, full_name: 'acme/somewhere', default_branch: 'main' },
    installation: { id: 42 },
    head_commit: { id: after, message: 'x'.repeat(usualBytes) },
  })
  const right = `sha256=${createHmac('sha256', mix.secret).update(body).digest('hex')}`
  const headers = [
    ...['x-github-event: push', `x-github-delivery: ${mix.run}-${number}`],
    `x-hub-signature-256: ${signature ?? right}`,
  ]
  return { id: after, bytes: wire('/api/github/webhooks', headers, body) }
}

const wire = (path: string, headers: readonly string[], body: string): Buffer =>
  Buffer.from(
    [
      ...[`POST ${path} HTTP/1.1`, 'host: 127.0.0.1', 'content-type: application/json'],
      ...[...headers, `content-length: ${Buffer.byteLength(body)}`, '', body],
    ].join('\r\n'),
  )
