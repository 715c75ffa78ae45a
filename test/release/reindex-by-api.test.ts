import { ways } from '../support/temp.ts'

// What reindex shows, with an index that is read by GitHub's API.
ways.readsByApi = true
await import('./reindex.test.ts')
