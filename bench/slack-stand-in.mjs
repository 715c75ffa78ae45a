import { createServer } from 'node:http'

/** Slack's web API as far as it matters here: it says ok to everything and counts, or it hangs. */
let calls = 0
let isHanging = false

const server = createServer((request, response) => {
  request.resume()
  request.once('end', () => {
    if (request.url === '/bench/calls') return response.end(JSON.stringify({ calls }))
    if (request.url === '/bench/hang') {
      isHanging = true
      return response.end('{}')
    }
    calls++
    if (isHanging) return undefined
    response.setHeader('content-type', 'application/json')
    const ts = `1790000000.${String(calls).padStart(6, '0')}`
    return response.end(JSON.stringify({ ok: true, team_id: 'T0001', channel: 'C0001', ts }))
  })
})
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`
  console.log(JSON.stringify({ msg: 'listening', url }))
})
