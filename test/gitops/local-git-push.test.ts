import { ways } from '../support/temp.ts'

// The same suite, with writers that know no way but `git push`.
ways.direct = false
await import('./local.test.ts')
