import { expect } from 'vitest'
import { posted } from './builders.ts'
import type { EdgeWorld } from './edge-world.ts'
import { eventually } from './eventually.ts'

/** What CI and people ask of the product on the edge, again and again until they are answered. */
export function askingOf({ post }: Pick<EdgeWorld, 'post'>) {
  /** Ids of what was answered with a 2xx. */
  const accepted: string[] = []
  async function ask(path: string, body: unknown): Promise<string> {
    const { id } = await eventually(async () => {
      const answer = await post(path, body)
      expect(answer.status, answer.text).toBeLessThan(300)
      return answer.body as { id: string }
    })
    accepted.push(id)
    return id
  }
  /** An artifact of an app, whose number its manifest shows. */
  const artifact = (app: string, number: number, version: Readonly<Record<string, string>> = {}) =>
    ask(
      '/api/artifact',
      posted({
        id: `${app}-${number}`,
        version: { repositoryName: `owner/${app}`, ...version },
        items: [{ name: 'image', tag: `v${number}` }],
      }),
    )
  const release = async (app: string, number: number, env = 'production'): Promise<string> => {
    await artifact(app, number)
    return ask('/api/releases', { env, app, artifactId: `${app}-${number}` })
  }
  return { accepted, post, ask, artifact, release }
}
