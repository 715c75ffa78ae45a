import { appendFileSync } from 'node:fs'
import type { EventView } from '../../domain/outcome.ts'
import type { Terminal } from '../terminal.ts'

/** What a run of GitHub Actions is told: where its artifact went, or why it did not. */
export type Report =
  | { readonly problem: string }
  | { readonly artifactId: string; readonly isNew: boolean; readonly event: EventView | null }

/**
 * Tells a run of GitHub Actions by its own means: outputs, the summary of the run, and lines at its
 * top. Elsewhere nothing happens.
 */
export function reportToGithub(report: Report, { environment, err }: Terminal): void {
  const { GITHUB_ACTIONS, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY } = environment
  if (GITHUB_ACTIONS !== 'true') return
  if ('problem' in report) {
    err(`::error title=GimletD::${escaped(report.problem)}`)
    return
  }
  for (const line of problemLines(report.event)) err(line)
  if (GITHUB_OUTPUT) appendFileSync(GITHUB_OUTPUT, outputs(report))
  if (GITHUB_STEP_SUMMARY) appendFileSync(GITHUB_STEP_SUMMARY, summary(report))
}

type Stored = Exclude<Report, { problem: string }>

const partsOf = (event: EventView | null) => event?.events ?? []
const placesIn = (event: EventView | null, status: EventView['status']): string =>
  JSON.stringify(
    partsOf(event)
      .filter((part) => part.status === status)
      .map(({ env, app }) => `${env}/${app}`),
  )

/** Lists are JSON, so that `fromJSON` reads them. */
export const outputs = ({ artifactId, isNew, event }: Stored): string =>
  [
    `artifact-id=${oneLine(artifactId)}`,
    `is-new=${isNew}`,
    `status=${event?.status ?? ''}`,
    `released=${placesIn(event, 'processed')}`,
    `held=${placesIn(event, 'held')}`,
    `denied=${placesIn(event, 'denied')}`,
    '',
  ].join('\n')

/** The requests as a table in Markdown. */
export function summary({ artifactId, event }: Stored): string {
  const rows = partsOf(event).map(({ app, env, status, statusDesc, gitopsHashes }) => {
    const commit = gitopsHashes[0]?.hash.slice(0, 8) ?? ''
    return `| ${[app, env, status, statusDesc, commit].map((text) => cell(text ?? '')).join(' | ')} |`
  })
  const table = [
    '| app | environment | state | why | GitOps commit |',
    '| --- | --- | --- | --- | --- |',
  ]
  const asked = rows.length > 0 ? [...table, ...rows] : [cell(event?.statusDesc ?? '')]
  return [`### GimletD: \`${oneLine(artifactId)}\``, '', ...asked, '', ''].join('\n')
}

/** What is denied as a whole, such as by a policy file that cannot be used, has no requests. */
function problemLines(event: EventView | null): string[] {
  const parts = event === null || event.events.length > 0 ? partsOf(event) : [event]
  return parts
    .filter(({ status }) => status === 'denied' || status === 'error')
    .map(({ app, env, statusDesc }) => {
      const place = app === null ? '' : `${app} in ${env}: `
      return `::error title=GimletD::${escaped(`${place}${statusDesc}`)}`
    })
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ')

/** Text of a Markdown cell: nothing in it is markup. */
const cell = (text: string) =>
  oneLine(text).replace(/[\\`*_{}[\]<>|#!~@&]/g, (mark) => `&#${mark.charCodeAt(0)};`)

/** The data of a workflow command, as GitHub’s own toolkit writes it. */
const escaped = (text: string) =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
