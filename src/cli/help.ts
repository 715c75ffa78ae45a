import { verbs } from '../commands/verbs.ts'
import type { Paint } from '../messages/paint.ts'

/** What only this program can do: the rest of the grammar is the same in chat. */
const programs: readonly (readonly [string, string])[] = [
  ['serve', 'start the server in this folder'],
  ['demo', 'play the main job against a throw-away server'],
  ['doctor', 'say whether the GitOps repository can be written, and what to do'],
  ['doctor --resume TIP', 'go on from the tip of a branch that was rewritten; for admins'],
  ['doctor slack', 'say what is wrong with Slack’s settings, in the server’s folder'],
  ['doctor github', 'say what is wrong with GitHub’s settings, in the server’s folder'],
  ['reindex', 'make the index of releases anew from the GitOps repository, in the server’s folder'],
  ['artifact push [-f FILE] [--wait]', 'post the artifact of this build, or of a file'],
  ['artifact create [-o FILE], artifact add -f FILE', 'make the artifact of this build in steps'],
  ['policy check [folder]', 'check policies before they are committed'],
  ['policy test [folder]', 'run the tests of policies, and find what they leave untried'],
  ['policy replay [folder] [--since 30d]', 'decide the past again with these policies'],
  [
    'policy explain --artifact ID --env E [--app A]',
    'what the policies say of an artifact, and what the triggers said',
  ],
]

/** The help of one command, or of all. */
export function helpText(topic: string | undefined, paint: Paint): string {
  const verb = verbs.find(({ name }) => name === topic?.toLowerCase())
  if (verb)
    return [`gimlet ${verb.usage}`, `  ${verb.summary}`, '', `  gimlet ${verb.example}`].join('\n')
  const rows = [...verbs.map(({ usage, summary }) => [usage, summary] as const), ...programs]
  return [
    paint.bold('gimlet: release, roll back and look at what runs where'),
    '',
    ...rows.flatMap(([usage, summary]) => [`  ${usage}`, paint.dim(`      ${summary}`)]),
    '',
    'Try: gimlet status, gimlet diff web production, gimlet release web staging',
    paint.dim(
      '--server URL (GIMLET_SERVER), --token TOKEN (GIMLET_TOKEN), --output json, --no-wait, --timeout 30s',
    ),
  ].join('\n')
}
