import { ways } from '../support/temp.ts'

// What adoption shows, with an index that is read by GitHub's API.
ways.readsByApi = true
await import('./adoption.test.ts')
