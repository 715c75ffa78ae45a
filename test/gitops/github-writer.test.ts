import { ways } from '../support/temp.ts'

// The suite of every writer, with one that speaks to GitHub's API.
ways.github = 'swap'
await import('./writer.test.ts')
