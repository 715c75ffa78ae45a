import type { CommandPorts } from './commands/ports.ts'
import type { Config } from './config.ts'
import type { HaltChange } from './domain/halt.ts'
import type { ProposedFolder } from './github-parts.ts'
import type { GitopsPushed } from './ingress/github/hooks.ts'
import { together } from './lead-parts.ts'
import type { Logger } from './logger.ts'
import type { Term } from './servers/leader.ts'
import type { Database } from './store/client.ts'

type Given = {
  readonly database: Database
  /** The data folder of this server, by its name. */
  readonly server: string
  readonly commands: CommandPorts
  readonly policies: ProposedFolder | null
  readonly gitopsPushed: GitopsPushed
  readonly isSweeping?: boolean
  readonly log: Logger
}

type Answer = (request: Request) => Promise<Response>

/** Slack and GitHub, where they are configured. */
export type Surfaces = {
  readonly slack: Answer | null
  readonly github: Answer | null
  /** What keeps people from being told. */
  readonly problems: () => Promise<readonly string[]>
  /** Tells people that writing is halted, or goes on. */
  readonly halted: (change: HaltChange) => void
  /** True while something that was sent to us is carried out. */
  readonly isBusy: () => boolean
  /** Compares what is known with GitHub; at once where that is off. */
  readonly sweep: () => Promise<void>
  /** Carries out GitHub's deliveries that others kept for this server; ends when they are known. */
  readonly resume: () => Promise<void>
  readonly start: () => void
  readonly stop: () => Promise<void>
  /** What only the server does that leads: telling people, and comparing with GitHub. */
  readonly lead: (database: Database) => Term
}

/** Builds what is configured: a server without a surface does not pay for loading it. */
export async function openSurfaces(config: Config, given: Given): Promise<Surfaces> {
  const slack =
    config.slack &&
    (await import('./slack-parts.ts')).slackParts({ ...given, config: config.slack })
  const github =
    config.github &&
    (await (await import('./github-parts.ts')).githubParts({ ...given, config: config.github }))
  const open = [slack, github].flatMap((one) => one ?? [])
  return {
    slack: slack?.handle ?? null,
    github: github?.handle ?? null,
    problems: async () => (await Promise.all(open.map((one) => one.problems()))).flat(),
    halted(change) {
      slack
        ?.halted(change)
        .catch((error: unknown) =>
          given.log.error({ err: error }, 'people could not be told that writing is halted'),
        )
    },
    isBusy: () => open.some((one) => one.isBusy()),
    sweep: async () => github?.sweep(),
    resume: async () => github?.resume(),
    start() {
      for (const one of open) one.start()
    },
    async stop() {
      await Promise.all(open.map((one) => one.stop()))
    },
    lead: (database) => together(open.map((one) => one.lead(database))),
  }
}
