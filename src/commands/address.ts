import type { Release } from '../domain/release.ts'
import { addressOf } from '../manifest/address.ts'
import { readObjects } from '../manifest/read-objects.ts'
import { folderOf } from '../release/layout.ts'
import type { CommandPorts } from './ports.ts'

/** What `render` calls the files of objects that have an address. */
const named = /^(?:ingress|httproute)-/

/** Where people can open what a release wrote, by its own files; `null` when they do not say. */
export async function addressOfRelease(
  { gitops }: Pick<CommandPorts, 'gitops'>,
  release: Release,
): Promise<string | null> {
  const files = await gitops.files(release.gitopsRef, folderOf(release), named)
  return addressOf(readObjects(files))
}
