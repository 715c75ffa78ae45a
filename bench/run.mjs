import { edge } from './edge.mjs'
import { index } from './index.mjs'
import { ingress } from './ingress.mjs'
import { policy } from './policy.mjs'
import { read } from './read.mjs'
import { release } from './release.mjs'
import { render } from './render.mjs'
import { slack } from './slack.mjs'
import { token } from './token.mjs'
import { upkeep } from './upkeep.mjs'
import { write } from './write.mjs'

/** Every bench by name: `npm run bench -- <name>`. It answers false when it found a defect. */
const benches = new Map([
  [
    'edge',
    { about: 'releases by GitHub’s API beside the contents API, in calls and time', run: edge },
  ],
  ['index', { about: 'the index made of a whole history, status and history from it', run: index }],
  ['ingress', { about: 'durable accepts per second beside a bare Hono hello', run: ingress }],
  ['policy', { about: 'decisions per second beside plain json-logic-js, and bombs', run: policy }],
  ['read', { about: 'status, history and rollback beside the git commands', run: read }],
  ['release', { about: 'from the 201 to the commit, beside a bare git push', run: release }],
  ['render', { about: 'manifests per second, by each way of rendering, and memory', run: render }],
  ['upkeep', { about: 'a release after a thousand others, with and without upkeep', run: upkeep }],
  ['write', { about: 'every way to write the GitOps repository beside ours', run: write }],
  ['token', { about: 'whose token it is: ours, and one that a CI made', run: token }],
  ['slack', { about: 'slash commands answered while git or Slack hangs', run: slack }],
])

const bench = benches.get(process.argv[2] ?? '')
if (bench) {
  const isSound = await bench.run()
  process.exit(isSound ? 0 : 1)
}
console.log('npm run bench -- <name>, with STRICT=1 to end with 1 when a target is missed:')
for (const [name, { about }] of benches) console.log(`  ${name.padEnd(10)}${about}`)
process.exit(process.argv[2] ? 64 : 0)
