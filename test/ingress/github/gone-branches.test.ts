import { describe, expect, it } from 'vitest'
import { shas } from '../../support/github-server.ts'
import { githubSurface } from '../../support/github-surface.ts'
import { drain } from '../../support/parts.ts'

describe('F17: a branch whose end was not told', () => {
  it('is told to the cleanup policies once, after two sweeps', async () => {
    const { sender, surface, release, told, repository, settled, host, ports, releases } = await githubSurface() // biome-ignore format: one line
    await release()
    await surface.sweep()
    repository.branches.delete('faster')
    await surface.sweep()
    expect(await told()).toBe(0)
    for (let count = 0; count < 3; count++) await surface.sweep()
    expect(await told()).toBe(1)
    await sender.deleteBranch({ repository, branch: 'faster' })
    await settled()
    await surface.sweep()
    expect(await told()).toBe(1)
    await drain(ports)
    expect(await releases.running({})).toEqual([])
    expect(host.callsOf('GET', /branches/).length).toBeGreaterThan(3)
  })

  it('is told once when the lost delivery is found', async () => {
    const { sender, surface, release, told, repository, settled } = await githubSurface()
    await release()
    await sender.deleteBranch({ repository, branch: 'faster', isLost: true })
    for (let count = 0; count < 4; count++) {
      await surface.sweep()
      await settled()
    }
    expect(await told()).toBe(1)
  })

  it('is not told again by a server that starts, and is when the branch was there in between', async () => {
    const { surface, start, release, told, repository } = await githubSurface()
    await release()
    repository.branches.delete('faster')
    for (let count = 0; count < 2; count++) await surface.sweep()
    expect(await told()).toBe(1)
    const next = await start()
    for (let count = 0; count < 3; count++) await next.sweep()
    expect(await told()).toBe(1)
    repository.branches.set('faster', shas.two)
    await next.sweep()
    repository.branches.delete('faster')
    for (let count = 0; count < 3; count++) await next.sweep()
    expect(await told()).toBe(2)
  })

  it.each([
    { name: 'GitHub fails', at: /branches\/faster$/, fault: { status: 502 } as const },
    { name: 'GitHub forbids to look', at: /branches\/faster$/, fault: { status: 403 } as const },
    { name: 'the repository is not shown', at: /example\/web$/, fault: { status: 404 } as const },
  ])('is not believed when $name', async ({ at, fault }) => {
    const { surface, release, told, repository, host } = await githubSurface()
    await release()
    repository.branches.delete('faster')
    for (let count = 0; count < 4; count++) {
      host.fail('GET', at, fault)
      await surface.sweep()
      expect(await told()).toBe(0)
      // Once is not twice in a row.
      await surface.sweep()
      expect(await told()).toBe(0)
    }
    await surface.sweep()
    expect(await told()).toBe(1)
  })

  it('is not believed of the default branch, nor of an open fork’s', async () => {
    const { surface, release, told, host, repository, change } = await githubSurface()
    const fork = host.repository({ fullName: 'mallory/web', id: 8, installationId: 0 })
    const pull = host.pull({ repository, number: 13, headRef: 'patch', headRepository: fork })
    await release({ event: 'pr', branch: 'main', sourceBranch: 'patch', targetBranch: 'main' })
    for (let count = 0; count < 3; count++) await surface.sweep()
    expect(await told()).toBe(0)
    await change(() => pull.close(), pull)
    for (let count = 0; count < 3; count++) await surface.sweep()
    expect(await told()).toBe(1)
  })

  it('A2: is not believed of a delivery when the branch is there', async () => {
    const { sender, release, told, repository, settled } = await githubSurface()
    await release()
    await sender.event('delete', {
      ...{ ref: 'faster', ref_type: 'branch', installation: { id: 42 } },
      sender: { id: 1, login: 'alice', type: 'User' },
      repository: { id: repository.id, full_name: 'example/web', default_branch: 'main' },
    })
    await settled()
    expect(await told()).toBe(0)
    await sender.deleteBranch({ repository, branch: 'faster' })
    await settled()
    expect(await told()).toBe(1)
  })
})
