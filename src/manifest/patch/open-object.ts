import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import type { ObjectText } from '../object-text.ts'
import { objectName } from '../objects.ts'
import { type Mapping, type ParsedText, plainOf, readOne } from './tree.ts'
import { writeTree } from './write-tree.ts'

/** An object that is being changed. */
export type Open = {
  readonly object: ObjectText
  readonly parsed: ParsedText
  /** What it says by now. */
  readonly root: Mapping
}

/** Reads objects so that they can be changed. */
export function openObjects(objects: readonly ObjectText[]): readonly Open[] | Refusal {
  const open: Open[] = []
  for (const object of objects) {
    const parsed = readOne(object.text)
    const name = isRefusal(parsed) ? parsed : objectName(parsed.document.value, 'default')
    if (isRefusal(name)) return refuse(name.code, `${object.place}: ${name.message}`)
    if (isRefusal(parsed)) return parsed
    open.push({ object, parsed, root: parsed.root })
  }
  return open
}

/** Writes them: one that was not changed is the very text that it was. */
export function writeObjects(open: readonly Open[]): readonly ObjectText[] | Refusal {
  const objects: ObjectText[] = []
  for (const { object, parsed, root } of open) {
    const text = writeTree(parsed, root)
    if (isRefusal(text)) return refuse(text.code, `${object.place}: ${text.message}`)
    objects.push({ text, place: object.place, value: plainOf(root) })
  }
  return objects
}

/** Opens objects, changes them, and writes them. */
export function changedObjects(
  objects: readonly ObjectText[],
  change: (open: readonly Open[]) => readonly Open[] | Refusal,
): readonly ObjectText[] | Refusal {
  const open = openObjects(objects)
  const changed = isRefusal(open) ? open : change(open)
  return isRefusal(changed) ? changed : writeObjects(changed)
}
