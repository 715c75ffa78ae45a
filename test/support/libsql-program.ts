import { LibsqlHost } from './libsql-host.ts'

/** Serves the file that it is given, and says where in its first line. */
const [file = '', port = '0'] = process.argv.slice(2)
const host = new LibsqlHost(file, {
  port: Number(port),
  token: process.env.LIBSQL_TOKEN || undefined,
})
await host.listen()
process.stdout.write(`${host.url}\n`)
