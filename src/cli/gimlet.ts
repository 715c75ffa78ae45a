#!/usr/bin/env node
import { run } from './run.ts'
import { terminalOf } from './terminal.ts'

const words = process.argv.slice(2)
const terminal = terminalOf(process, process.env)

/** The server is loaded only by what needs it: a command of the client starts in a tenth of the time. */
async function main(): Promise<number> {
  if (words[0] === 'serve') return (await import('./serve.ts')).serve()
  if (words[0] === 'demo') return (await import('./demo.ts')).demo(terminal)
  return run(words, terminal)
}

process.exitCode = await main()
