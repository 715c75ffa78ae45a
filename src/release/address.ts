import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import { addressOf } from '../manifest/address.ts'
import { readObjects } from '../manifest/read-objects.ts'
import { folderOf } from './layout.ts'

/** What `render` calls the files of objects that have an address. */
const named = /^(?:ingress|httproute)-/

type AddressPorts = {
  readonly gitops: {
    files(commit: Sha, folder: string, name: RegExp): Promise<ReadonlyMap<string, string>>
  }
}

/** Where people can open what a release wrote, by its own files; `null` when they do not say. */
export async function addressOfRelease(
  { gitops }: AddressPorts,
  release: Release,
): Promise<string | null> {
  const files = await gitops.files(release.gitopsRef, folderOf(release), named)
  return addressOf(readObjects(files))
}
