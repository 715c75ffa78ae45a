import { ways } from '../support/temp.ts'

// The suite of every writer, with one that speaks to a GitHub which knows no compare-and-swap.
ways.github = 'look'
await import('./writer.test.ts')
