import { expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../../../src/config.ts'
import { schema } from '../../../src/settings.ts'
import { newCanary, openSettings, secretFiles, secretSettings } from './canaries.ts'

type Shape = { properties?: Record<string, Shape>; items?: Shape }

/** Every setting, and every field inside a setting that is a list. */
function settingsOf(shape: Shape): string[] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, { items, properties }]) => {
    const inside = settingsOf({ properties: properties ?? items?.properties ?? {} })
    return [name, ...inside.map((field) => `${name}.${field}`)]
  })
}

test('A28: each setting is in the table of secrets, or said to be none', () => {
  const shape = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as Shape
  const known = new Set<string>([...secretSettings, ...secretFiles, ...openSettings])
  const settings = settingsOf(shape)
  expect(settings.filter((name) => !known.has(name))).toEqual([])
  // What a transformation hides from the description would be missed: the table says what is there.
  const names = new Set([...settings, ...Object.keys(schema.shape)])
  const hidden = [...known].filter((name) => !names.has(name))
  expect(hidden.filter((name) => !name.startsWith('SLACK_CHANNEL.'))).toEqual([])
})

test('A28: the redactor knows the value of each secret setting', () => {
  const given = Object.fromEntries(
    secretSettings
      .filter((name) => name !== 'GITOPS_REPOS.token')
      .map((name) => [name, newCanary(name, name === 'SLACK_APP_TOKEN' ? 'xapp-' : '').value]),
  )
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${given.PRIVATE_KEY}\n-----END RSA PRIVATE KEY-----`
  const { value: token } = newCanary('GITOPS_REPOS.token')
  const repositories = [{ environments: ['production'], repo: 'https://git.example.com/p', token }]
  const environment = { ...given, PRIVATE_KEY: key, GITOPS_REPOS: JSON.stringify(repositories) }
  const config = readConfig(environment, null)
  if ('problems' in config) throw new Error(config.problems.join('\n'))
  const wanted = { ...given, PRIVATE_KEY: key, 'GITOPS_REPOS.token': token }
  const missing = Object.entries(wanted).filter(([, value]) => !config.secrets.includes(value))
  expect(missing).toEqual([])
})
