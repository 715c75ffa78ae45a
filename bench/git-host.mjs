import { spawn } from 'node:child_process'
import { createServer } from 'node:http'

/** A git host: `git http-backend` over the repositories of a folder, until it is told to hang. */
let isHanging = false
let requests = 0

const server = createServer((request, response) => {
  if (request.url === '/bench/requests') {
    response.end(JSON.stringify(requests))
  } else if (request.url === '/bench/hang') {
    isHanging = true
    response.end('{}')
  } else {
    requests++
    if (!isHanging) serve(request, response)
  }
})

function serve(request, response) {
  const { pathname, search } = new URL(request.url, 'http://127.0.0.1')
  const { headers, method } = request
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.GIT_HOST_FOLDER,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_PROJECT_ROOT: process.env.GIT_HOST_FOLDER,
      GIT_HTTP_EXPORT_ALL: '1',
      REMOTE_USER: 'bench',
      REMOTE_ADDR: '127.0.0.1',
      REQUEST_METHOD: method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: headers['content-type'] ?? '',
      CONTENT_LENGTH: headers['content-length'] ?? '',
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      HTTP_GIT_PROTOCOL: headers['git-protocol'] ?? '',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  request.pipe(child.stdin)
  child.stdin.on('error', () => undefined)
  const chunks = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  child.once('close', () => {
    const all = Buffer.concat(chunks)
    const headEnd = all.indexOf('\r\n\r\n')
    for (const line of all.subarray(0, headEnd).toString('latin1').split('\r\n')) {
      const [name, value] = line.split(': ')
      if (name === 'Status') response.statusCode = Number(value.slice(0, 3))
      else response.setHeader(name, value)
    }
    response.end(all.subarray(headEnd + 4))
  })
}

server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`
  console.log(JSON.stringify({ msg: 'listening', url }))
})
