import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { Objects } from './github-objects.mjs'

/** GitHub's API as far as it matters here: every call takes the same time, and is counted. */
const callMs = Number(process.env.CALL_MS)
const objects = new Objects()
const file = { path: 'production/other/a.yaml', mode: '100644', type: 'blob', content: 'a' }
let tip = objects.makeCommit({ tree: objects.makeTree([file]), parents: [], message: 'begins' })
let calls = 0

const routes = [
  ['GET', /^$/, () => ({ node_id: 'R_1' })],
  ['GET', /^\/git\/ref\/heads\/main$/, () => ({ object: { sha: tip } })],
  ['GET', /^\/git\/commits\/(\w+)$/, (_, sha) => objects.commits.get(sha)],
  ['POST', /^\/git\/commits$/, (body) => objects.commits.get(objects.makeCommit(body))],
  ['GET', /^\/git\/trees\/(\w+)$/, (_, sha) => objects.treeShape(sha)],
  [
    'POST',
    /^\/git\/trees$/,
    (body) => objects.treeShape(objects.makeTree(body.tree, body.base_tree)),
  ],
  ['GET', /^\/compare\//, () => ({ behind_by: 0 })],
  ['GET', /^\/contents\/(.+)$/, (_, path) => objects.at(tip, path)],
  ['PUT', /^\/contents\/(.+)$/, putContents],
]

/** A commit of one file, as the contents API makes it. */
function putContents({ message, content, sha }, path) {
  if (objects.at(tip, path)?.sha !== sha) return undefined
  const text = Buffer.from(content, 'base64').toString()
  const entry = { path, mode: '100644', type: 'blob', content: text }
  const tree = objects.makeTree([entry], objects.commits.get(tip).tree.sha)
  tip = objects.makeCommit({ tree, parents: [tip], message })
  return { commit: { sha: tip } }
}

function graphql({ variables }) {
  const [{ beforeOid, afterOid }] = variables.input.refUpdates
  if (beforeOid !== tip) return { errors: [{ type: 'UNPROCESSABLE', message: 'it moved' }] }
  tip = afterOid
  return { data: { updateRefs: { clientMutationId: null } } }
}

async function answerOf({ method, url }, text) {
  const path = decodeURIComponent(new URL(url, 'http://github').pathname)
  if (path === '/bench/calls') return { calls }
  calls++
  await pause(callMs)
  const body = text === '' ? {} : JSON.parse(text)
  if (path === '/api/graphql') return graphql(body)
  const rest = path.replace('/api/v3/repos/acme/gitops', '')
  for (const [of, pattern, run] of routes) {
    const found = of === method && pattern.exec(rest)
    if (found) return run(body, found[1])
  }
  return undefined
}

const server = createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const answer = await answerOf(request, Buffer.concat(chunks).toString())
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' })
  response.end(JSON.stringify(answer ?? { message: 'Not Found' }))
})
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`
  console.log(JSON.stringify({ msg: 'listening', url }))
})
