import { type GithubNewsPorts, githubMessages } from './github-messages.ts'
import { type GithubSenderPorts, githubSender } from './github-sender.ts'
import { Notifier, type NotifierPorts } from './notifier.ts'

/** How long it is remembered what GitHub sent: a captured delivery may be sent again much later (A2). */
const deliveriesMs = 40 * 24 * 60 * 60_000

/** Tells GitHub what has changed: in comments, in deployments, and by the status of commits. */
export const githubNotifier = (
  ports: NotifierPorts & GithubSenderPorts & GithubNewsPorts,
): Notifier =>
  new Notifier(ports, {
    sender: githubSender(ports),
    deliveriesMs,
    added: (changes) => githubMessages(ports, changes),
  })
