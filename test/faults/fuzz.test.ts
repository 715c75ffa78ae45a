import { afterAll, describe, expect, test } from 'vitest'
import { tokenVerifier } from '../../src/oidc/verify.ts'
import { effort, figure } from '../support/figures.ts'
import { oidcIssuer } from '../support/oidc-issuer.ts'
import { artifactDoor } from './fuzz/doors/artifact.ts'
import { chartsDoor } from './fuzz/doors/charts.ts'
import { clusterPayloadsDoor } from './fuzz/doors/cluster-payloads.ts'
import { commitMessagesDoor, releaseFilesDoor } from './fuzz/doors/commit-messages.ts'
import { configurationDoor } from './fuzz/doors/configuration.ts'
import { gitHostsDoor, gitOutputDoor } from './fuzz/doors/git-output.ts'
import { githubApiDoor } from './fuzz/doors/github-api.ts'
import { githubDeliveriesDoor, githubHooksDoor } from './fuzz/doors/github-deliveries.ts'
import { commentDoor, grammarDoor } from './fuzz/doors/grammar.ts'
import { namesDoor } from './fuzz/doors/names.ts'
import { objectsDoor } from './fuzz/doors/objects.ts'
import { policiesDoor, rulesDoor } from './fuzz/doors/rules.ts'
import { slackPayloadsDoor } from './fuzz/doors/slack-payloads.ts'
import {
  jsonTextsDoor,
  signedTokensDoor,
  signingKey,
  tokensDoor,
  tokenTextsDoor,
} from './fuzz/doors/tokens.ts'
import { manifestFieldsDoor, manifestsDoor, yamlDoor, yamlEditDoor } from './fuzz/doors/yaml.ts'
import { fuzz } from './fuzz/fuzz.ts'

/** Inputs that a door gets: a hundred thousand, times the effort. */
const inputs = 100_000
const seed = Number(process.env.GIMLET_FUZZ_SEED ?? (effort > 1 ? Date.now() % 2 ** 31 : 1))

const doors = [
  githubDeliveriesDoor,
  githubHooksDoor,
  slackPayloadsDoor,
  artifactDoor,
  clusterPayloadsDoor,
  yamlDoor,
  manifestsDoor,
  manifestFieldsDoor,
  yamlEditDoor,
  rulesDoor,
  policiesDoor,
  objectsDoor,
  jsonTextsDoor,
  namesDoor,
  grammarDoor,
  commentDoor,
  configurationDoor,
  chartsDoor,
  tokensDoor,
  tokenTextsDoor,
  await signedTokens(),
  commitMessagesDoor,
  releaseFilesDoor,
  gitOutputDoor,
  gitHostsDoor,
  githubApiDoor,
]

describe(`fuzz, seed ${seed}`, () => {
  test.each(doors.map((door) => [`${door.about} (${door.name})`, door] as const))(
    '%s',
    async (_, door) => {
      const { share = 1, name, about } = door
      const count = Math.ceil(inputs * effort * share)
      const ran = await fuzz(door, { count, seed })
      expect(ran.inputs).toBe(count)
      const rows = about.match(/\b[AFI]\d+\b/g) ?? []
      const is = `${ran.inputs} inputs, ${ran.perSecond}/s, ${ran.outcomes} outcomes`
      figure({ rows, what: `fuzz of ${name}`, is })
    },
  )
})

async function signedTokens() {
  const issuer = await oidcIssuer(afterAll)
  const key = signingKey()
  issuer.state.published = [key.jwk]
  const audience = 'https://gimlet.example.com'
  const ports = {
    clock: { nowMs: Date.now },
    pause: () => Promise.resolve(),
    log: { warn: () => undefined },
  }
  const issuers = [{ issuer: issuer.url, kind: 'github' as const }]
  const verify = tokenVerifier(ports, { audience, issuers })
  return signedTokensDoor({ verify, audience, issuer: issuer.url }, key)
}
