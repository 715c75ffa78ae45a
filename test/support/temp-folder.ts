import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that goes away when the test is over. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gimletd-test-'))
  onTestFinished(() =>
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }),
  )
  return folder
}
