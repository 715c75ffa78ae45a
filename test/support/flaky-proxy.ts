import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Later } from './temp.ts'

/**
 * What happens to a request on its way: it is answered by somebody else, or cut before it arrives,
 * after it was carried out, or in the middle of the answer.
 */
export type Mishap =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | 'none'
  | 'cut before'
  | 'cut after'
  | 'cut inside'

/** A network in front of a server: the first requests have mishaps, one each, all others come through. */
export async function flakyProxy(target: string, mishaps: readonly Mishap[], later: Later) {
  const left = [...mishaps]
  const seen: string[] = []
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`)
    const mishap = left.shift()
    if (mishap === 'cut before') return void request.socket.destroy()
    if (typeof mishap === 'object')
      return void response.writeHead(mishap.status, mishap.headers).end('<html>not now</html>')
    const answer = await fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { authorization: request.headers.authorization ?? '', connection: 'close' },
      ...(body === '' ? {} : { body }),
    })
    pass(await answer.text(), { answer, mishap, response })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  later(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

type Passing = {
  readonly answer: Response
  readonly mishap: Mishap | undefined
  readonly response: ServerResponse
}

function pass(text: string, { answer, mishap, response }: Passing): void {
  if (mishap === 'cut after') return void response.socket?.destroy()
  response.writeHead(answer.status, { 'content-type': 'application/json' })
  if (mishap !== 'cut inside') return void response.end(text)
  response.write(text.slice(0, text.length / 2), () => response.socket?.destroy())
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}
