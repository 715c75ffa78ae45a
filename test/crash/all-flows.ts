import { apiFlows, type Flow } from './flows.ts'
import { commentFlow } from './github-flows.ts'
import { migrationFlow } from './migration-flow.ts'
import { slackFlow } from './slack-flow.ts'

/** Every flow whose steps are swept. */
export const flows: readonly Flow[] = [...apiFlows, migrationFlow, slackFlow, commentFlow]
