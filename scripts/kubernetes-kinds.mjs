// Writes src/manifest/generated/kubernetes-kinds.ts: the kinds of Kubernetes with their fields, as its
// own API describes them. They are taken out of the official client, whose code does not run here.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const generated = resolve(root, 'node_modules/@kubernetes/client-node/dist/gen')
const out = resolve(root, 'src/manifest/generated/kubernetes-kinds.ts')

const read = (folder, file) => readFileSync(join(generated, folder, file), 'utf8')
const all = (text, pattern) => [...text.matchAll(pattern)].map(({ groups }) => groups)

/** `apps/v1 Deployment` and its model, with whether its objects have a namespace. */
function kindsOf(file) {
  return read('apis', file)
    .split(/^ {4}async /m)
    .filter((method) => method.startsWith('create'))
    .flatMap((method) => {
      const [{ version, namespace } = {}] = all(
        method,
        /localVarPath = '\/apis?\/(?<version>[^{'\n]*?)(?<namespace>\/namespaces\/\{namespace\})?\/[a-z]+'/g,
      )
      const [{ model } = {}] = all(method, /serialize\(body, "(?<model>\w+)", ""\)/g)
      if (!version || !model) return []
      const kind = model.replace(/^.*?V\d+(?:(?:alpha|beta)\d+)?/, '')
      return [[`${version} ${kind}`, [model, namespace !== undefined]]]
    })
}

/** What the client takes for text, and Kubernetes for an amount, which may be a number. */
const quantities =
  /^(?:limits|requests|capacity|allocatable|hard|used|overhead|podFixed|sizeLimit|divisor|averageValue|allocatedResources|maximumVolumeSize|default|defaultRequest|max|min|maxLimitRequestRatio)$/
const quantityModels =
  /Resource(?:Requirements|Quota|Field|Claim)|VolumeResource|EmptyDir|LimitRange|PodSpec|Overhead|Metric|PersistentVolume|CSIStorageCapacity|DeviceCapacity|Node|ContainerStatus/

/** What the API asks for, and gives itself where it is not there. */
const defaulted = new Map([['V1RoleRef', ['apiGroup']]])

function typeOf(model, { name, type, format }) {
  if (type === 'string' || type === '{ [key: string]: string; }') {
    const isQuantity =
      (quantities.test(name) && quantityModels.test(model)) ||
      (name === 'value' && /^V\d(?:beta\d)?MetricTarget/.test(model))
    const one = isQuantity ? 'quantity' : 'string'
    return type === 'string' ? one : `{}${one}`
  }
  const list = /^Array<(.+)>$/.exec(type)?.[1]
  if (list) return `[]${typeOf(model, { name, type: list, format })}`
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1]
  if (map) return `{}${typeOf(model, { name, type: map, format })}`
  if (type === 'number') return format.startsWith('int') ? 'integer' : 'number'
  return { Date: 'string', V1MicroTime: 'string', object: 'any' }[type] ?? type
}

/** The fields of a model: their types by name, and those that must be there. */
function modelOf(model) {
  const text = read('models', `${model}.js`)
  const [, list = '[]'] = /attributeTypeMap = (\[[\s\S]*?\n\]);/.exec(text) ?? []
  const required = all(read('models', `${model}.d.ts`), /^ {4}'(?<name>[^']+)': /gm)
  const given = defaulted.get(model) ?? []
  const isRequired = new Set(
    required.map(({ name }) => name).filter((name) => !given.includes(name)),
  )
  const fields = JSON.parse(list)
  return {
    fields: Object.fromEntries(
      fields.map((field) => [field.baseName, typeOf(model, { ...field, name: field.baseName })]),
    ),
    required: fields.filter(({ name }) => isRequired.has(name)).map(({ baseName }) => baseName),
  }
}

const kinds = Object.fromEntries(
  readdirSync(join(generated, 'apis'))
    .filter((file) => /V\d\w*Api\.js$/.test(file))
    .flatMap(kindsOf)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
)
const models = {}
const open = [...new Set(Object.values(kinds).map(([model]) => model))]
for (let model = open.pop(); model; model = open.pop()) {
  if (models[model]) continue
  models[model] = modelOf(model)
  for (const type of Object.values(models[model].fields)) {
    const of = type.replace(/^(?:\[\]|\{\})+/, '')
    if (/^[A-Z]\w*V?\d/.test(of)) open.push(of)
  }
}
const [, version] =
  /OpenAPI spec version: (?:release-|v)?(\d+\.\d+)/.exec(read('models', 'V1Pod.js')) ?? []
const json = JSON.stringify({ version, kinds, models }).replaceAll("'", "\\'")
mkdirSync(dirname(out), { recursive: true })
writeFileSync(
  out,
  `// Made by scripts/kubernetes-kinds.mjs.\nexport const kubernetesKinds = '${json}'\n`,
)
