import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/**
 * Ends when this process lets go of databases that it has closed: libSQL does so when their connections
 * are collected. A server that runs in a process of its own lets go of them with that.
 */
export async function collected(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn()
    collect()
  }
}
