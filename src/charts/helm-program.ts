import { dirname } from 'node:path'
import { Fault, type Refusal, refuse } from '../domain/fault.ts'
import { helmMessage } from '../manifest/chart/helm-message.ts'
import { type ProgramEnd, type ProgramLimits, runProgram } from '../manifest/programs.ts'
import type { RunFolder } from './run-folder.ts'

/** What is run, and what for. */
export type HelmRun = {
  readonly program: string
  readonly args: readonly string[]
  readonly input?: string
  readonly folder: RunFolder
  /** A chart's address where it is fetched: then a host that is away is a fault, which time mends. */
  readonly fetching?: string
  /** What is taken out of its words. */
  readonly secrets?: readonly string[]
}

export const helmMissing =
  'helm is not on this machine; install helm 3.14 or newer, or 4, set HELM_BIN to where it is, or write render: helmrelease'

/** The host is away, or its certificate is not the chart's author's to mend. */
const away =
  /dial tcp|no such host|connection re(?:fused|set)|i\/o timeout|deadline exceeded|TLS handshake|x509|unexpected EOF|Could not resolve host|Failed to connect|timed out|Empty reply|SSL certificate problem|(?: : |status code |error: )5\d\d\b/

/** Of a repository's index helm says on stdout why it could not be had. */
const aboutIndex = /Unable to get an update from [^\n]*:\n\s*(?<why>[^\n]*)/

/** A program of Go that panics, or has no more memory, ends with 2; helm itself never does. */
const crashed = 2

/**
 * Runs helm, or git for it, and answers what it printed. Refuses what the author of the chart can mend;
 * throws `chart_unreachable` or `helm_broken`.
 */
export async function runHelm(run: HelmRun, limits: ProgramLimits): Promise<string | Refusal> {
  const { program, args, input = '', folder, fetching, secrets = [] } = run
  const { path, environment } = folder
  const end = await runProgram({ program, args, folder: path, environment, input }, limits)
  switch (end.kind) {
    case 'missing':
      return refuse('invalid', program === 'git' ? 'git is not on this machine' : helmMissing)
    case 'stopped':
      return stopped(end.by, { run, limits })
    case 'ended':
      return ended({ ...end, ...without(secrets, end) }, { path, fetching })
  }
}

type Said = { readonly stdout: string; readonly stderr: string }

/** A host may say back what it was shown, and its words are told to people. */
function without(secrets: readonly string[], { stdout, stderr }: Said): Said {
  const clean = (text: string) =>
    secrets.reduce((said, secret) => said.replaceAll(secret, '[redacted]'), text)
  return { stdout: clean(stdout), stderr: clean(stderr) }
}

type Stopped = { readonly run: HelmRun; readonly limits: ProgramLimits }

function stopped(by: 'time' | 'output' | 'kernel', { run, limits }: Stopped): Refusal {
  const { fetching } = run
  if (by === 'time' && fetching !== undefined)
    throw new Fault('chart_unreachable', `fetching the chart ${fetching}`)
  if (by === 'time')
    throw new Fault('helm_broken', `rendering a chart within ${limits.timeMs / 1000} seconds`)
  if (by === 'output')
    return refuse(
      'too_large',
      `chart: prints more than ${limits.outputBytes / 1_048_576} MiB; render less of it`,
    )
  return refuse('invalid', `chart: ${tooMuch(limits)}`)
}

const mendRepeats = 'mend its templates, or the values that they repeat'

const tooMuch = ({ cpuSeconds, memoryKib }: ProgramLimits): string =>
  `takes more than ${cpuSeconds} seconds of computing or ${memoryKib / 1_048_576} GiB of memory, or nests without end; ${mendRepeats}`

type Ended = { readonly path: string; readonly fetching: string | undefined }

function ended(
  { exitCode, stdout, stderr }: Extract<ProgramEnd, { kind: 'ended' }>,
  { path, fetching }: Ended,
): string | Refusal {
  const folders = [path, dirname(path)]
  const index = fetching === undefined ? undefined : aboutIndex.exec(stdout)?.groups?.why
  // Helm 3 ends with 0 as well when it could not have a repository's index.
  if (exitCode === 0 && index === undefined) return stdout
  if (fetching === undefined)
    return exitCode === crashed
      ? refuse('invalid', `chart: helm broke down on it; ${mendRepeats}`)
      : refuse('invalid', `chart: ${helmMessage(stderr, folders)}`)
  const said = index ?? stderr
  if (away.test(said))
    throw new Fault('chart_unreachable', `fetching the chart ${fetching}`, {
      cause: new Error(said),
    })
  return refuse('invalid', `chart: ${fetching}: ${helmMessage(said, folders)}`)
}
