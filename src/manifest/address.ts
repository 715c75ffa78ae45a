/** On an Ingress or an HTTPRoute: the address to show, when its host does not tell it. */
const annotation = 'gimlet.io/address'
/** RFC 1123, of at least two labels; a wildcard is no address. */
const host =
  /^(?=.{3,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/i

/**
 * Where people can open what these Kubernetes objects run: what an annotation says, or the first host
 * of an Ingress or an HTTPRoute. `https` for a host that the Ingress has a certificate for, and for
 * every HTTPRoute, whose gateway knows. `null` when none of them says.
 */
export function addressOf(objects: readonly unknown[]): string | null {
  const routes = objects.filter(isRoute)
  const annotated = routes.map((route) => pageOf(at(route, 'metadata', 'annotations', annotation)))
  return [...annotated, ...routes.flatMap(hostsOf)].find((page) => page !== null) ?? null
}

const isRoute = (object: unknown): boolean =>
  (at(object, 'kind') === 'Ingress' && group(object) === 'networking.k8s.io') ||
  (at(object, 'kind') === 'HTTPRoute' && group(object) === 'gateway.networking.k8s.io')

const group = (object: unknown): string => String(at(object, 'apiVersion')).split('/')[0] ?? ''

function hostsOf(route: unknown): (string | null)[] {
  const spec = at(route, 'spec')
  if (at(route, 'kind') === 'HTTPRoute')
    return list(at(spec, 'hostnames')).map((name) => siteOf(name, 'https'))
  const secure = list(at(spec, 'tls')).flatMap((one) => list(at(one, 'hosts')))
  return list(at(spec, 'rules')).map((rule) => {
    const name = at(rule, 'host')
    return siteOf(name, secure.includes(name) ? 'https' : 'http')
  })
}

const siteOf = (name: unknown, scheme: 'http' | 'https'): string | null =>
  typeof name === 'string' && host.test(name) ? `${scheme}://${name.toLowerCase()}` : null

/** Only what a browser opens as a page; nothing that could be read as something else. */
function pageOf(text: unknown): string | null {
  if (typeof text !== 'string' || text.length > 2_000 || !URL.canParse(text)) return null
  const { protocol, username, password, hostname, href } = new URL(text)
  const isPage = protocol === 'https:' || protocol === 'http:'
  return isPage && username === '' && password === '' && host.test(hostname) ? href : null
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function at(value: unknown, ...names: readonly string[]): unknown {
  let found = value
  for (const name of names) {
    const isMap = typeof found === 'object' && found !== null && !Array.isArray(found)
    if (!isMap || !Object.hasOwn(found as object, name)) return undefined
    found = (found as Readonly<Record<string, unknown>>)[name]
  }
  return found
}
