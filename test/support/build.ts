import { execFileSync } from 'node:child_process'

/** The end-to-end tests run what ships: the compiled program. */
export function setup(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
}
