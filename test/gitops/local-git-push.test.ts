import { ways } from '../support/temp.ts'

// The same suites, with writers that know no way but `git push`.
ways.direct = false
await import('./writer.test.ts')
await import('./local-clone.test.ts')
