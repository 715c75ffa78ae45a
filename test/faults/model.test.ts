import { expect, test } from 'vitest'
import { effort, figure } from '../support/figures.ts'
import { tempFolder } from '../support/temp.ts'
import { gitHost } from './model/git-host.ts'
import { memoryHost } from './model/memory-host.ts'
import { migratedFile } from './model/place.ts'
import { play } from './model/play.ts'

/**
 * Sequences of what people, the host and time do, at most 50 long, in the product and in a small model of
 * it. fast-check prints the shortest one in which they differ. In the environment, its seed as `FC_SEED`, its
 * path as `FC_PATH` and its replayPath as `FC_REPLAY` play that one again.
 */
const sequences = { memory: 2_000 * effort, git: 20 * effort }

const ways = [
  { name: 'in memory', runs: sequences.memory, newHost: async () => memoryHost() },
  { name: 'of git', runs: sequences.git, newHost: gitHost },
]

test.each(ways)(
  'F31, I1, I2, I3, I4, I5, I6: model and product say the same, with a repository $name',
  async ({ name, runs, newHost }) => {
    const folder = await tempFolder()
    const template = await migratedFile(folder)
    const fromMs = performance.now()
    const played = await play({ runs, folder, template, newHost })
    const { sequences, commands, requests, commits } = played
    const seconds = Math.round((performance.now() - fromMs) / 1_000)
    figure({
      rows: ['F31'],
      what: `sequences in the product and in its model, with a repository ${name}`,
      is: `${sequences} of ${commands} commands, with ${requests} requests and ${commits} commits, in ${seconds} s`,
    })
    // Sequences without commits would prove nothing.
    expect(commits).toBeGreaterThan(sequences)
  },
)
