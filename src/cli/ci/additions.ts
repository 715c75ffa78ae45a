import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { parseYaml } from '../../manifest/parse-yaml.ts'
import type { Additions } from './artifact-file.ts'
import type { Flags, FlagTable } from './flags.ts'
import { fieldsItem, type Item, imageItem, isWeb, linkItem, pairOf } from './items.ts'
import { junitCounts, type TestCounts } from './junit.ts'
import { reportsIn, textIn } from './report-files.ts'
import { sbomItem, sbomLink } from './sbom.ts'
import { type ScanCounts, scanCounts, severities } from './scan.ts'

/** What `artifact add` takes, and `create` and `push` as well. */
export const additionFlags = {
  field: 'many',
  envFile: 'many',
  var: 'many',
  context: 'many',
  image: 'many',
  testResults: 'many',
  scan: 'many',
  sbom: 'many',
  link: 'many',
} as const satisfies FlagTable
type FlagName = keyof typeof additionFlags

/** Reads what the flags name. Answers a refusal that says which of them is wrong, and why. */
export function additionsOf({ given }: Pick<Flags, 'given'>): Additions | Refusal {
  const of = (name: FlagName) => given.get(name) ?? []
  const context = contextOf([...of('var'), ...of('context')])
  if (isRefusal(context)) return context
  const environments = all(of('envFile'), environmentsIn)
  if (isRefusal(environments)) return environments
  // GimletD's variables are the fields of all items, and the last one of a name wins: the image's do.
  const parts = [
    of('field').length > 0 ? fieldsItem(of('field')) : [],
    all(of('link'), linkItem),
    all(of('sbom'), sbomOf),
    testsOf(of('testResults')),
    scanOf(of('scan')),
    all(of('image'), imageItem),
  ]
  const wrong = parts.find(isRefusal)
  if (wrong) return wrong
  return { context, environments: environments.flat(), items: (parts as (Item | Item[])[]).flat() }
}

/** One result for each text, or the first refusal. */
function all<T>(texts: readonly string[], read: (text: string) => T | Refusal): T[] | Refusal {
  const results = texts.map(read)
  return results.find(isRefusal) ?? (results as T[])
}

function contextOf(texts: readonly string[]): Record<string, string> | Refusal {
  const pairs = all(texts, (text) => pairOf('var', text))
  return isRefusal(pairs) ? pairs : Object.fromEntries(pairs)
}

function environmentsIn(path: string): unknown[] | Refusal {
  const text = textIn(path)
  if (isRefusal(text)) return text
  const documents = parseYaml(text)
  if (isRefusal(documents)) return refuse('invalid', `${path}: ${documents.message}`)
  return documents.map(({ value }) => plainOf(value)).filter((value) => value !== null)
}

/** The mappings of parsed YAML as objects, which JSON has. */
function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf)
  if (!(value instanceof Map)) return value
  return Object.fromEntries([...value].map(([key, one]) => [String(key), plainOf(one)]))
}

/** `FILE`, `https://…`, or `FILE=https://…` for a file that can be fetched there. */
function sbomOf(text: string): Item | Refusal {
  if (isWeb(text)) return sbomLink(text)
  const [, path = text, url = ''] = /^(.*?)=(https?:\/\/.*)$/s.exec(text) ?? []
  const content = textIn(path)
  return isRefusal(content) ? content : named(path, sbomItem(content, url))
}

function testsOf(paths: readonly string[]): Item[] | Refusal {
  const reports = readAll(paths, { ending: '.xml', read: junitCounts })
  if (isRefusal(reports)) return reports
  const sum = (key: keyof TestCounts) => reports.reduce((total, one) => total + one[key], 0)
  return paths.length === 0
    ? []
    : [
        {
          name: 'tests',
          total: sum('total'),
          failures: sum('failures'),
          errors: sum('errors'),
          skipped: sum('skipped'),
        },
      ]
}

function scanOf(paths: readonly string[]): Item[] | Refusal {
  const reports = readAll(paths, { ending: '.json', read: scanCounts })
  if (isRefusal(reports)) return reports
  const sum = (key: (typeof severities)[number]) =>
    reports.reduce((total, one: ScanCounts) => total + one[key], 0)
  const tool = [...new Set(reports.map((one) => one.tool))].join(', ')
  const counts = Object.fromEntries(severities.map((key) => [key, sum(key)]))
  return paths.length === 0 ? [] : [{ name: 'scan', tool, ...counts }]
}

type Reading<T> = { readonly ending: string; readonly read: (text: string) => T | Refusal }

/** Reads every report that the paths name; a folder names all of its files with the ending. */
function readAll<T>(paths: readonly string[], { ending, read }: Reading<T>): T[] | Refusal {
  const files = all(paths, (path) => reportsIn(path, ending))
  if (isRefusal(files)) return files
  return all(files.flat(), (path) => {
    const text = textIn(path)
    return isRefusal(text) ? text : named(path, read(text))
  })
}

const named = <T>(path: string, result: T | Refusal): T | Refusal =>
  isRefusal(result) ? refuse('invalid', `${path}: ${result.message}`) : result
