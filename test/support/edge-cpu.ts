import type { Workerd } from './workerd.ts'

type Measure = {
  /** How often it is asked: the kernel counts in tens of ms, so many times. */
  readonly times: number
  readonly ask: () => Promise<Response>
}

/**
 * The processor time that the Worker's runtime takes for an answer, in ms, on average over many, one
 * after another, after a tenth as many to warm up. It counts all threads, the compiler's and the garbage
 * collector's too, and what `wrangler dev` adds: Cloudflare counts less.
 */
export async function cpuMsOfEach(worker: Workerd, { times, ask }: Measure): Promise<number> {
  const all = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await (await ask()).arrayBuffer()
  }
  await all(Math.ceil(times / 10))
  const before = worker.cpuMs()
  await all(times)
  return (worker.cpuMs() - before) / times
}
