import type { Beginning, FolderAt, Place } from '../domain/history.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import { folderOf } from './layout.ts'
import { type Marker, releaseOf, unnamedId } from './release-json.ts'

/** A release that stood before the commits that are read, and the folder as it was then. */
export type Stood = {
  readonly release: Release
  readonly tree: Sha
  /** False for one of GimletD before us, whose file has no id. */
  readonly isNamed: boolean
}

type Given = {
  readonly folders: ReadonlyMap<string, FolderAt>
  readonly markers: ReadonlyMap<Sha, Marker & Place>
  readonly beginning: Beginning
  /** The repository's address as people may see it. */
  readonly repository: string
}

/**
 * The releases that stand where history begins, oldest first, by what their files say. Which commit
 * made them is not known: theirs is the one that history begins with, whose folders are as they left them.
 */
export function stoodAt({ folders, markers, beginning, repository }: Given): Stood[] {
  const stood: Stood[] = []
  for (const { folder, tree, marker: file } of folders.values()) {
    const marker = markers.get(file ?? '')
    if (marker === undefined || folderOf(marker) !== folder) continue
    const id = marker.id ?? unnamedId(beginning.ref, stood.length)
    const release = releaseOf({ ...marker, id }, { commit: beginning, repository })
    stood.push({ release, tree, isNamed: marker.id !== null })
  }
  return stood.sort((a, b) => a.release.created - b.release.created)
}
