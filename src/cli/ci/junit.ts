import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'

/** How many tests ran, and what became of those that did not pass. */
export type TestCounts = {
  readonly total: number
  readonly failures: number
  readonly errors: number
  readonly skipped: number
}

type Tag = {
  readonly name: string
  readonly kind: 'open' | 'close' | 'empty'
  readonly attributes: string
}

const bad = { failure: 'failures', error: 'errors', skipped: 'skipped' } as const
type Outcome = keyof typeof bad

/**
 * Counts a report in JUnit's XML. Where the head of a report says more than its test cases do, the
 * head is believed: a report that was cut short must not look green.
 */
export function junitCounts(xml: string): TestCounts | Refusal {
  const tags = tagsOf(xml)
  if (isRefusal(tags)) return tags
  const [root] = tags
  if (root?.name !== 'testsuites' && root?.name !== 'testsuite')
    return refuse('invalid', 'it does not begin with <testsuites> or <testsuite>')
  const counted = countCases(tags)
  if (isRefusal(counted)) return counted
  const said = headCounts(tags)
  return {
    total: Math.max(counted.total, said.total),
    failures: Math.max(counted.failures, said.failures),
    errors: Math.max(counted.errors, said.errors),
    skipped: Math.max(counted.skipped, said.skipped),
  }
}

function countCases(tags: readonly Tag[]): TestCounts | Refusal {
  const counts = { total: 0, failures: 0, errors: 0, skipped: 0 }
  const open: string[] = []
  let seen = new Set<string>()
  for (const { name, kind } of tags) {
    if (kind === 'close') {
      if (open.pop() !== name) return refuse('invalid', `</${name}> closes nothing`)
      continue
    }
    if (name === 'testcase') {
      counts.total++
      seen = new Set()
    }
    const parent = open.at(-1)
    const isCounted = parent === 'testcase' ? !seen.has(name) : parent === 'testsuite'
    if (isOutcome(name) && isCounted) counts[bad[name]]++
    seen.add(name)
    if (kind === 'open') open.push(name)
  }
  return open.length === 0 ? counts : refuse('invalid', `<${open.at(-1)}> is not closed`)
}

const isOutcome = (name: string): name is Outcome => Object.hasOwn(bad, name)

/** What the root says, or, where it says nothing, the suites right below it in sum. */
function headCounts(tags: readonly Tag[]): TestCounts {
  const [root, ...inner] = tags
  if (root === undefined || /\btests\s*=/.test(root.attributes) || root.name === 'testsuite')
    return attributeCounts(root?.attributes ?? '')
  let depth = 0
  const sum = { total: 0, failures: 0, errors: 0, skipped: 0 }
  for (const { name, kind, attributes } of inner) {
    if (depth === 0 && name === 'testsuite' && kind !== 'close') {
      const counts = attributeCounts(attributes)
      for (const key of ['total', 'failures', 'errors', 'skipped'] as const) sum[key] += counts[key]
    }
    if (kind !== 'empty') depth += kind === 'open' ? 1 : -1
  }
  return sum
}

const attributeCounts = (attributes: string): TestCounts => ({
  total: attribute(attributes, 'tests'),
  failures: attribute(attributes, 'failures'),
  errors: attribute(attributes, 'errors'),
  skipped: attribute(attributes, 'skipped') + attribute(attributes, 'disabled'),
})

const attribute = (attributes: string, name: string): number =>
  Number(new RegExp(`(?:^|\\s)${name}\\s*=\\s*["'](\\d{1,9})["']`).exec(attributes)?.[1] ?? 0)

/** What is no element, by how it begins and ends. */
const passedOver = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const

/** The tags of a text in their order, in one pass; texts between them are passed over. */
function tagsOf(xml: string): readonly Tag[] | Refusal {
  const tags: Tag[] = []
  for (let at = xml.indexOf('<'); at !== -1; at = xml.indexOf('<', at)) {
    const other = passedOver.find(([begin]) => xml.startsWith(begin, at))
    if (other) {
      const end = xml.indexOf(other[1], at)
      if (end === -1) return refuse('invalid', `${other[0]} is not closed`)
      at = end + other[1].length
      continue
    }
    // Entities of its own could hide or multiply what is counted.
    if (xml.startsWith('<!', at)) return refuse('invalid', 'a document type is not read')
    const end = tagEnd(xml, at)
    if (end === -1) return refuse('invalid', 'a tag is not closed')
    tags.push(tagOf(xml.slice(at + 1, end)))
    at = end + 1
  }
  return tags
}

function tagEnd(xml: string, from: number): number {
  let quote = ''
  for (let at = from; at < xml.length; at++) {
    const letter = xml[at] ?? ''
    if (quote !== '') quote = letter === quote ? '' : quote
    else if (letter === '>') return at
    else if (letter === '"' || letter === "'") quote = letter
  }
  return -1
}

function tagOf(inside: string): Tag {
  const [, slash, name = '', attributes = ''] = /^(\/?)([^\s/>]*)(.*)$/s.exec(inside) ?? []
  if (slash === '/') return { name, kind: 'close', attributes }
  return { name, kind: attributes.endsWith('/') ? 'empty' : 'open', attributes }
}
