/** Where Slack lets apps answer: requirement R7. */
const slackHooks = 'https://hooks.slack.com'

/** True for an address on Slack's own host, or on the one that stands for it: attack A11. */
export function isResponseUrl(url: string, apiUrl: string): boolean {
  if (!URL.canParse(url)) return false
  const { origin, username, password } = new URL(url)
  if (username !== '' || password !== '') return false
  return origin === slackHooks || (URL.canParse(apiUrl) && origin === new URL(apiUrl).origin)
}
