import { type Check, fine, warning, wrong } from './check.ts'

/** What the app may do, and what does not work without it. The manifest has the same list. */
export const scopes: readonly { name: string; isNeeded: boolean; without: string }[] = [
  { name: 'commands', isNeeded: true, without: 'there are no slash command and no shortcuts' },
  { name: 'chat:write', isNeeded: true, without: 'nothing can be said' },
  { name: 'chat:write.public', isNeeded: false, without: 'it must be invited to every channel' },
  { name: 'app_mentions:read', isNeeded: true, without: 'it does not hear who mentions it' },
  { name: 'channels:read', isNeeded: false, without: 'public channels cannot be checked here' },
  { name: 'groups:read', isNeeded: false, without: 'private channels cannot be checked here' },
]

const place = 'under OAuth & Permissions and install the app again'

export function scopeChecks(granted: readonly string[] | null): Check[] {
  if (granted === null) return [warning('scopes', 'are not known: Slack did not say')]
  const missing = scopes.filter(({ name }) => !granted.includes(name))
  const known = new Set([...scopes.map(({ name }) => name), 'identify'])
  const more = granted.filter((name) => !known.has(name))
  const found = [
    ...missing.map(({ name, isNeeded, without }) =>
      (isNeeded ? wrong : warning)('scopes', `${name} is missing, so ${without}; add it ${place}`),
    ),
    ...more.map((name) => warning('scopes', `${name} is more than is needed; remove it ${place}`)),
  ]
  return found.length > 0 ? found : [fine('scopes', 'are those of slack.manifest.yaml')]
}
