import { programTable } from '../commands/verbs.ts'
import type { Paint } from '../messages/paint.ts'

/** What only this program can do: the rest of the grammar is the same in chat. */
export const programs: readonly (readonly [string, string])[] = [
  ['serve', 'start the server in this folder'],
  ['demo', 'play the main job against a throw-away server'],
  ['doctor', 'say whether the GitOps repository can be written, and what to do'],
  ['doctor --resume TIP', 'go on from the tip of a branch that was rewritten; for admins'],
  ['doctor slack', 'say what is wrong with Slack’s settings, in the server’s folder'],
  ['doctor github', 'say what is wrong with GitHub’s settings, in the server’s folder'],
  ['reindex', 'make the index of releases anew from the GitOps repository, in the server’s folder'],
  ['backup FILE', 'copy the database of this folder’s server, which may run, into a new file'],
  ['restore FILE', 'put a backup in the place of the database, while no server runs'],
  [
    'audit verify [--after COMMIT]',
    'look whether anybody changed the record of changes, in the server’s folder',
  ],
  ['migrate FILE [--dry-run]', 'bring over what a GimletD before us knew, in the server’s folder'],
  ['artifact push [-f FILE] [--wait]', 'post the artifact of this build, or of a file'],
  ['artifact create [-o FILE], artifact add -f FILE', 'make the artifact of this build in steps'],
  ['track ID --wait [--timeout 10m]', 'follow a request until the cluster says what became of it'],
  ['manifest template -f FILE [-v VARS] [--artifact FILE] [-o FILE]', 'render a manifest here'],
  ['manifest lint -f FILE', 'check a manifest before it is committed'],
  ['completion bash|zsh|fish', 'a script that completes these commands in your shell'],
  ['policy check [folder]', 'check policies before they are committed'],
  ['policy test [folder]', 'run the tests of policies, and find what they leave untried'],
  ['policy replay [folder] [--since 30d]', 'decide the past again with these policies'],
  [
    'policy explain --artifact ID --env E [--app A]',
    'what the policies say of an artifact, and what the triggers said',
  ],
]

/** The help of one command, or of those that begin with a word, or of all; nothing for an unknown one. */
export function helpText(topic: string | undefined, paint: Paint): string | undefined {
  const { verbs } = programTable
  if (topic !== undefined) return topicText(topic.toLowerCase())
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

function topicText(topic: string): string | undefined {
  const found = programTable.verbs.filter(
    ({ name }) => name === topic || name.startsWith(`${topic} `),
  )
  const texts = found.map(({ usage, summary, example }) =>
    [`gimlet ${usage}`, `  ${summary}`, '', `  gimlet ${example}`].join('\n'),
  )
  const own = programs.filter(([usage]) => usage.split(' ')[0] === topic)
  texts.push(...own.map(([usage, summary]) => [`gimlet ${usage}`, `  ${summary}`].join('\n')))
  return texts.length > 0 ? texts.join('\n\n') : undefined
}
