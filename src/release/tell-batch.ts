import type { BatchFigures } from '../domain/batch.ts'

/** A release that waited for no policy and yet took longer than this is worth a line. */
const slowMs = 10_000

export type TellPorts = {
  /** Told of each batch, however it ended. */
  readonly batchEnded?: (batch: BatchFigures) => void
  readonly log: {
    debug(fields: object, text: string): void
    info(fields: object, text: string): void
  }
}

/** Counts a batch, and says in one line of the log where its time went. */
export function tellBatch({ batchEnded, log }: TellPorts, batch: BatchFigures): void {
  batchEnded?.(batch)
  if (batch.landed.some(({ ms, wasHeld }) => ms > slowMs && !wasHeld))
    log.info(lineOf(batch), 'a batch with a slow release ended')
  else log.debug(lineOf(batch), 'a batch ended')
}

function lineOf({ eventId, size, queuedMs, steps, races, landed }: BatchFigures): object {
  const stepsMs: Record<string, number> = {}
  for (const { step, ms } of steps) stepsMs[step] = rounded((stepsMs[step] ?? 0) + ms)
  return {
    ...{ eventId, size, landed: landed.length, races },
    queuedMs: Math.max(0, ...queuedMs),
    stepsMs,
    slowestMs: Math.max(0, ...landed.map(({ ms }) => ms)),
  }
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10
