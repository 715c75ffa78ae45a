/** What the server knows about its own parts. Throws what is broken. */
export type Health = {
  /** Throws when the database cannot be read, or takes nothing. */
  database(): Promise<unknown>
  /** Throws when the GitOps repository cannot be used. */
  gitops(): Promise<unknown>
  /** Policies and manifests that cannot be used: they stop what they touch, not the server. */
  problems(): Promise<readonly string[]>
  /** Whether this server carries events out; of several on one database, one does. */
  isLeader(): boolean
}

/** Lives: nothing is asked of any part. */
export const healthAnswer = (): Response => Response.json({ status: 'alive' })

/** 200 when everything that the server needs is usable, else 503 with the reason. */
export async function readyAnswer(health: Health): Promise<Response> {
  try {
    await health.database()
    await health.gitops()
    const problems = await health.problems()
    return Response.json({ status: 'ready', leader: health.isLeader(), problems })
  } catch (error) {
    const message = error instanceof Error ? error.message : 'a part is not usable'
    return Response.json(
      { status: 'not ready', error: { code: 'overloaded', message } },
      { status: 503, headers: { 'retry-after': '1' } },
    )
  }
}
