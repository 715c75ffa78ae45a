import { type GithubSenderPorts, githubSender } from './github-sender.ts'
import { Notifier, type NotifierPorts } from './notifier.ts'

/** How long it is remembered what GitHub sent: a captured delivery may be sent again much later (A2). */
const deliveriesMs = 40 * 24 * 60 * 60_000

/** Tells GitHub what has changed: in the comments that answer those who asked. */
export const githubNotifier = (ports: NotifierPorts & GithubSenderPorts): Notifier =>
  new Notifier(ports, {
    sender: githubSender(ports),
    deliveriesMs,
    added: () => Promise.resolve([]),
  })
