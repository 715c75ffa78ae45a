import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'

const run = promisify(execFile)
const kept = resolve('node_modules/.cache/edge')

/** Wrangler, which asks nobody and tells nobody. What it keeps of itself lies in the cache. */
export const wrangler = {
  file: resolve('node_modules/wrangler/bin/wrangler.js'),
  env: {
    PATH: process.env.PATH,
    HOME: kept,
    XDG_CONFIG_HOME: kept,
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: 'false',
  },
}

/** The Workers of the tests: the one that ships, parts of it on a database of their own, and a tool. */
export const workers = {
  ships: 'src/edge.ts',
  parts: 'test/edge/parts-worker.ts',
  probe: 'test/edge/probe-worker.ts',
} as const
export type WorkerName = keyof typeof workers

/** The file that a Worker was bundled into by `bundleWorker`. */
export const bundleOf = (name: WorkerName): string =>
  join(kept, name, basename(workers[name]).replace('.ts', '.js'))

/** Bundles a Worker as a deployment does, by the same `wrangler.toml`. */
export async function bundleWorker(name: WorkerName): Promise<void> {
  const folder = join(kept, name)
  await mkdir(folder, { recursive: true })
  const told = ['--outdir', folder, '--metafile', join(folder, 'meta.json')]
  const args = [wrangler.file, 'deploy', workers[name], '--dry-run', ...told]
  const { env } = wrangler
  await run(process.execPath, args, { env }).catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${workers[name]} cannot be bundled: ${error.stdout}${error.stderr}`)
  })
}

type Metafile = {
  readonly inputs: Readonly<
    Record<string, { readonly imports: readonly { readonly path: string }[] }>
  >
  readonly outputs: Readonly<
    Record<
      string,
      { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }
    >
  >
}

/** What a bundle is made of, and what it weighs as Cloudflare counts it. */
export async function weigh(name: WorkerName) {
  const text = await readFile(bundleOf(name))
  const metafile = await readFile(join(kept, name, 'meta.json'), 'utf8')
  const { inputs: sources, outputs } = JSON.parse(metafile) as Metafile
  const output = Object.entries(outputs).find(([file]) => file.endsWith('.js'))
  const inputs = Object.entries(output?.[1].inputs ?? {})
  const weights = new Map<string, number>()
  for (const [file, { bytesInOutput }] of inputs) {
    const part = partOf(file)
    weights.set(part, (weights.get(part) ?? 0) + bytesInOutput)
  }
  return {
    bytes: text.length,
    gzipBytes: gzipSync(text).length,
    files: inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file),
    /** The files that import a module of Node's. */
    importersOf: (name: string) =>
      Object.entries(sources)
        .filter(([, { imports }]) => imports.some(({ path }) => path.replace('node:', '') === name))
        .map(([file]) => file),
    /** Packages and rooms by their bytes, the largest first. */
    parts: [...weights].sort(([, a], [, b]) => b - a),
  }
}

/** The package that a file is of, or the room. */
const partOf = (file: string): string =>
  /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ??
  /^(src\/(?:ingress\/)?[^/]+)/.exec(file)?.[1] ??
  file

/** Bundles once for all tests of the edge; they start what was bundled. */
export async function setup(): Promise<void> {
  await mkdir(kept, { recursive: true })
  await writeFile(join(kept, 'package.json'), '{ "type": "module" }')
  for (const name of Object.keys(workers) as WorkerName[]) await bundleWorker(name)
}
