import { expect, onTestFinished } from 'vitest'
import { githubServer, shas } from './github-server.ts'

type Given = Parameters<typeof githubServer>[0]
export type ShipServer = Awaited<ReturnType<typeof shipServer>>

/** The whole server with GitHub, and what its deployments, statuses and comments show. */
export async function shipServer(given: Given = {}) {
  const here = await githubServer(given, onTestFinished)
  const { server, github, repository, sender, pull } = here
  // GitHub tells of the repository: from now on the app is known to be installed in it.
  await sender.pullRequest(pull, 'opened')
  return {
    ...here,
    /** Asks for something by the API, as CI does, and waits until it is over or waits. */
    async ask(path: string, body: Record<string, unknown>) {
      const answer = await server.post(path, body)
      const { id } = answer.body as { id: string }
      expect(answer).toMatchObject({ body: { id: expect.any(String) } })
      await server.ended(id)
      return id
    },
    release: async (env: string, artifactId = 'web-1', more: Record<string, unknown> = {}) => {
      const { body } = await server.post('/api/releases', { env, artifactId, app: 'web', ...more })
      const { id } = body as { id: string }
      await server.ended(id)
      return id
    },
    /** The states that each deployment came to, oldest first. */
    deployments: () =>
      github.deployments(repository).map(({ ref, environment, statuses, payload, task }) => ({
        ...{ ref, environment, payload, task },
        id: (payload as { requestId: string }).requestId,
        states: statuses.filter(isEnd).map(({ state }) => state),
      })),
    /** Of a commit, for the places that it is released to. */
    statuses: (sha: string = shas.one) =>
      github
        .statuses(repository, sha)
        .map(({ context, state, description }) => ({ context, state, description }))
        .filter((status) => status.context !== 'gimlet/artifact' && isEnd(status)),
    /** Whether CI has posted the artifact of a commit, as its status says. */
    artifactStates: (sha: string = shas.one) =>
      github
        .statuses(repository, sha)
        .filter(({ context }) => context === 'gimlet/artifact')
        .map(({ state, description }) => ({ state, description })),
    /** The check runs of a commit, oldest first. */
    checks: (sha: string = shas.one) =>
      github.checks(repository, sha).map(({ name, conclusion, external_id: of, output }) => ({
        ...{ name, conclusion, of },
        ...(output as { title: string; summary: string; text: string | null }),
      })),
    /** What Flux says of what runs in an environment. */
    async flux(env: string, severity: 'info' | 'error', reason: string) {
      const { body } = await server.call(`/api/status?env=${env}`)
      const { gitopsRef } = (body as { web: { gitopsRef: string } }).web
      return server.post(`/api/flux-events?env=${env}`, {
        involvedObject: { kind: 'Kustomization', name: env, namespace: 'flux-system' },
        ...{ severity, reason, message: `Deployment web: ${reason}` },
        timestamp: new Date().toISOString(),
        metadata: { 'kustomize.toolkit.fluxcd.io/revision': `main@sha1:${gitopsRef}` },
      })
    },
    /** The one comment about how things stand. */
    stickies: (number = 12) =>
      github.comments(repository, number).filter(({ body }) => body.includes('gimlet:github-sticky')), // biome-ignore format: one value
  }
}

/** Whether GitHub hears of a request while it is being pushed depends on who is faster: tests do not look. */
const isEnd = ({ description }: { readonly description?: unknown }): boolean =>
  !String(description).startsWith('Releasing ·')
