import { afterAll } from 'vitest'
import { makeKey } from '../support/keys.ts'
import { tempFolder, ways } from '../support/temp.ts'

// The same suite, with writers that sign.
ways.signing = { signingKeyFile: await makeKey(await tempFolder(afterAll), 'signing') }
await import('./writer.test.ts')
