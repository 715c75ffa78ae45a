import { ways } from '../support/temp.ts'

// What drift shows, with an index that is read by GitHub's API.
ways.readsByApi = true
await import('./drift.test.ts')
