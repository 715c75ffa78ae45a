import { join } from 'node:path'
import { BranchMemory } from '../../src/gitops/memory.ts'
import { Releaser } from '../../src/release/releaser.ts'
import { manifest } from './builders.ts'
import { type TestPorts, testParts } from './parts.ts'
import { hubOf } from './writer-host.ts'

const nameOf = (at: number) => `app-${String(at).padStart(3, '0')}`

/** A releaser that writes by GitHub's API, and requests that wait for it, in their order. */
export async function askedOnGithub(count: number) {
  const names = Array.from({ length: count }, (_, at) => nameOf(at))
  const own = { extra: 'repository: owner/web\n' }
  const manifests = Object.fromEntries(
    names.map((app) => [`${app}.yaml`, manifest({ app, ...own })]),
  )
  const parts = await testParts({ manifests })
  const { clock, gitops } = parts
  const hub = await hubOf(gitops.remote, clock)
  hub.github.nowMs = () => clock.nowMs()
  const memory = new BranchMemory({
    ...{ file: join(gitops.folder, 'seen'), url: gitops.remote, branch: 'main' },
  })
  /** The ports of a server that has just started. */
  const started = (): TestPorts => {
    const writer = hub.writer(memory, { author: null })
    return { ...parts.ports, gitops: writer, batchMax: writer.batchMax }
  }
  await parts.push()
  for (const app of names) await parts.ask({ id: `r-${app}`, app })
  const ports = started()
  return { ...parts, ...hub, names, ports, started, releaser: new Releaser(ports) }
}
