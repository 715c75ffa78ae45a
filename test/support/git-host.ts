import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse }
/** Looks at a request first; answers true when it has seen to it. */
export type Interfere = (exchange: Exchange) => boolean | Promise<boolean>

/** A git host over HTTP: git's own `http-backend` over the repositories of a folder. */
export async function gitHost(folder: string, interfere: Interfere = () => false) {
  const asked: { path: string; authorization: string | undefined; agent: string }[] = []
  const server = createServer(async (request, response) => {
    const { authorization, 'user-agent': agent = '' } = request.headers
    asked.push({ path: `${request.method} ${request.url}`, authorization, agent })
    if (await interfere({ request, response })) return
    await backend(folder, { request, response })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return { url: `http://127.0.0.1:${port}`, asked }
}

/** Carries a request out with git, and answers what git said. */
export async function backend(folder: string, { request, response }: Exchange): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '', 'http://127.0.0.1')
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    GIT_PROJECT_ROOT: folder,
    GIT_HTTP_EXPORT_ALL: '1',
    REMOTE_USER: 'someone',
    REMOTE_ADDR: '127.0.0.1',
    REQUEST_METHOD: request.method,
    PATH_INFO: pathname,
    QUERY_STRING: search.slice(1),
    CONTENT_TYPE: request.headers['content-type'],
    CONTENT_LENGTH: request.headers['content-length'],
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
    HTTP_GIT_PROTOCOL: request.headers['git-protocol']?.toString(),
  }
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.on('error', () => undefined)
  request.pipe(child.stdin)
  child.stdout.setEncoding('latin1')
  const said = await text(child.stdout)
  const end = said.indexOf('\r\n\r\n')
  for (const line of said.slice(0, end).split('\r\n')) {
    const [name = '', value = ''] = line.split(': ')
    if (name === 'Status') response.statusCode = Number(value.slice(0, 3))
    else if (name) response.setHeader(name, value)
  }
  response.end(Buffer.from(said.slice(end + 4), 'latin1'))
}
