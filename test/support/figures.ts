import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where a run leaves what `npm run proofs` makes `docs/proofs.md` of. */
export const proofsFolder = 'node_modules/.cache/proofs'

export type Figure = {
  /** The rows of the fault and attack tables, or invariants, that it is about: `F10`. */
  readonly rows: readonly string[]
  readonly what: string
  /** As people read it, with its unit: `12 ms`. */
  readonly is: string
  /** The goal, where there is one: `at most 250 ms`. */
  readonly goal?: string
}

/** Keeps what was measured in this run, and says it. */
export function figure(measured: Figure): void {
  mkdirSync(proofsFolder, { recursive: true })
  appendFileSync(join(proofsFolder, 'figures.jsonl'), `${JSON.stringify(measured)}\n`)
  const { what, is, goal } = measured
  process.stdout.write(`  ${what}: ${is}${goal ? ` (${goal})` : ''}\n`)
}

/** How much is tried: `1` in `npm run test:faults`, more in `npm run test:soak`. */
export const effort = Number(process.env.GIMLET_TEST_EFFORT ?? 1)
