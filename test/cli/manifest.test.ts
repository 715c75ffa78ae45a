import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { manifest, posted } from '../support/builders.ts'
import { gimletIn } from '../support/gimlet.ts'
import { putFiles, tempFolder } from '../support/temp.ts'

const gimlet = gimletIn({})

async function filesOf(files: Readonly<Record<string, string>>) {
  const folder = await tempFolder()
  await putFiles(folder, files)
  return (name: string) => join(folder, name)
}

describe('manifest template', () => {
  test('writes what a release of an artifact would write', async () => {
    const file = await filesOf({
      'web.yaml': manifest(),
      'artifact.json': JSON.stringify(posted()),
    })
    const { code, out } = await gimlet(
      'manifest',
      'template',
      '-f',
      file('web.yaml'),
      '--artifact',
      file('artifact.json'),
    )
    expect(code).toBe(0)
    expect(out).toContain('tag: "v1"')
  })

  test('takes variables from a file, over all others, and writes to a file', async () => {
    const text = manifest().replace('{{ .image.tag }}', '{{ .tag }} of {{ .BRANCH }} {{ .APP }}')
    const both = `${text}---\n${text.replace('env: production', 'env: staging')}`
    const file = await filesOf({
      'web.yaml': both,
      'ci.env': '# CI\nexport tag="v 2"\nBRANCH=feature/x\n',
    })
    const args = ['-f', file('web.yaml'), '-v', file('ci.env'), '-o', file('out.yaml')]
    expect(await gimlet('manifest', 'template', ...args)).toMatchObject({ code: 0, out: '' })
    const written = await readFile(file('out.yaml'), 'utf8')
    expect(written.split('---\n')).toHaveLength(2)
    expect(written).toContain('tag: "v 2 of feature/x web"')
    const nowhere = await gimlet(
      'manifest',
      'template',
      ...args.slice(0, 4),
      '-o',
      file('no/such/folder'),
    )
    expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining('cannot be written') })
  })

  test.each([
    { words: ['template'], says: 'Name the file' },
    { words: ['template', '-f', 'nothing.yaml'], says: 'There is no file nothing.yaml' },
    { words: ['template', '-f', 'FILE'], says: 'unknown variable image.tag' },
    {
      words: ['template', '-f', 'FILE', '-v', 'nothing.env'],
      says: 'There is no file nothing.env',
    },
    { words: ['template', '-f', 'FILE', '--artifact', 'FILE'], says: 'artifact' },
    { words: ['tempalte', '-f', 'FILE'], says: 'no command "manifest tempalte"' },
    { words: ['template', '-f', 'FILE', '--set', 'x=y'], says: 'Unexpected "--set"' },
  ])('says what is wrong with $words', async ({ words, says }) => {
    const file = await filesOf({ 'web.yaml': manifest() })
    const named = words.map((word) => (word === 'FILE' ? file('web.yaml') : word))
    const { code, err } = await gimlet('manifest', ...named)
    expect(err).toContain(says)
    expect(code).toBeGreaterThan(0)
  })
})

test('manifest lint names what is wrong, and where', async () => {
  const file = await filesOf({
    'good.yaml': manifest(),
    'bad.yaml': manifest({ env: 'Not a name' }),
  })
  const good = await gimlet('manifest', 'lint', '-f', file('good.yaml'))
  expect(good).toMatchObject({ code: 0, out: 'production/web is in order' })
  const bad = await gimlet('manifest', 'lint', '-f', file('bad.yaml'))
  expect(bad.code).toBe(1)
  expect(bad.err).toContain('env: must be a lower-case DNS label')
  const json = await gimlet('manifest', 'lint', '-f', file('bad.yaml'), '--output', 'json')
  expect(JSON.parse(json.out).problems).toHaveLength(1)
})
