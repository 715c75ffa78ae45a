import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

type Package = {
  readonly integrity?: string
  readonly resolved?: string
  readonly hasInstallScript?: boolean
  readonly dev?: boolean
  readonly optional?: boolean
}
type Lock = { readonly packages: Readonly<Record<string, Package>> }

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}
const packages = Object.entries(lock.packages).filter(([place]) => place !== '')

/** What may run code of its own when it is installed: tools, none of which ships. */
const mayRunAtInstall = ['esbuild', 'msw', 'sharp', 'workerd']
/** Each one more is somebody more whom everybody who runs the server trusts. */
const directMost = 15
const shippedMost = 260

describe('A33: of what others wrote', () => {
  test('each package is the one that was locked, by its SHA-512', () => {
    const loose = packages.filter(([, { integrity = '' }]) => !/^sha512-[\w+/]{86}==$/.test(integrity)) // biome-ignore format: one line
    expect(loose.map(([place]) => place)).toEqual([])
  })

  test('nothing comes from elsewhere than the registry that npm is set to', () => {
    const elsewhere = packages.filter(([, { resolved }]) => resolved !== undefined)
    expect(elsewhere.map(([place, { resolved }]) => [place, resolved])).toEqual([])
    const versions = Object.entries(manifest.dependencies)
    expect(versions.filter(([, version]) => !/^\^?\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  test('nothing runs at its installation but a few tools of development', () => {
    const running = packages.filter(([, one]) => one.hasInstallScript)
    const names = running.map(([place]) => place.split('node_modules/').at(-1))
    expect(names.filter((name) => !mayRunAtInstall.includes(name ?? ''))).toEqual([])
    const shipped = running.filter(([, { dev, optional }]) => !dev && !optional)
    expect(shipped.map(([place]) => place)).toEqual([])
    for (const hook of ['preinstall', 'install', 'postinstall'])
      expect(manifest.scripts).not.toHaveProperty(hook)
  })

  test('little is shipped', () => {
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(directMost)
    const shipped = packages.filter(([, { dev }]) => !dev)
    expect(shipped.length).toBeLessThanOrEqual(shippedMost)
  })
})
