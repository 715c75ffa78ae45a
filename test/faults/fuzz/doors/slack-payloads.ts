import { parseWords } from '../../../../src/commands/grammar.ts'
import { splitWords } from '../../../../src/commands/words.ts'
import { isRefusal } from '../../../../src/domain/fault.ts'
import { readParsed, readPayload } from '../../../../src/ingress/slack/payload.ts'
import { isResponseUrl } from '../../../../src/ingress/slack/response-url.ts'
import { behindMention, typedText } from '../../../../src/ingress/slack/words.ts'
import { broken, type Door, same } from '../fuzz.ts'

const form = 'application/x-www-form-urlencoded'

/** What Slack sends, as a form, as JSON and through a socket. */
export const slackPayloadsDoor: Door = {
  name: 'slack-payloads',
  about: 'A4, A6, A19: commands, clicks, windows and events of Slack',
  form: 'json',
  words: [
    'block_actions',
    'view_submission',
    'block_suggestion',
    'shortcut',
    'message_action',
    'event_callback',
    'url_verification',
    'ssl_check',
    'payload',
    'T0001',
    'U0001',
    '<@UBOT> release web staging',
  ],
  take(input) {
    const json = JSON.stringify(input)
    const reads = [
      readPayload(json, 'application/json'),
      readPayload(new URLSearchParams({ payload: json }).toString(), form),
      readParsed(JSON.parse(json)),
    ]
    const fields = fieldsOf(input)
    if ('command' in fields) reads.push(readPayload(new URLSearchParams(fields).toString(), form))
    return reads.map(outcome).join(' ')
  },
}

type Read = ReturnType<typeof readPayload>

function outcome(read: Read): string {
  if (isRefusal(read)) return read.code
  if (read.kind === 'challenge' || read.kind === 'ssl-check') return read.kind
  const again = readParsed(JSON.parse(JSON.stringify(read.body)))
  same(again, read, 'read again')
  const { teams, key, body } = read
  if (!teams.every((team) => /^[A-Z0-9]{1,40}$/.test(team))) broken('a workspace is none')
  if (read.kind !== 'options' && (key === null || key === '')) broken('it has no key')
  for (const text of [body.text, body.response_url]) if (typeof text === 'string') said(text)
  return read.kind
}

/** Whatever text there is may be one that someone typed, or an address that is answered to. */
function said(text: string): void {
  const split = splitWords(typedText(behindMention(text)))
  if (split.kind === 'words') parseWords(split.words, 1_800_000_000)
  if (!isResponseUrl(text, 'https://slack.com/api/')) return
  const { protocol, hostname } = new URL(text)
  if (protocol !== 'https:' || !/^(?:hooks\.)?slack\.com$/.test(hostname))
    broken(`${text} is answered to`)
}

/** The texts of an object, as a command has them. */
const fieldsOf = (input: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(typeof input === 'object' && input !== null ? input : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  )
