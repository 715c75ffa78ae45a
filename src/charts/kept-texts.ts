import { isRefusal, type Refusal } from '../domain/fault.ts'
import type { RenderedChart } from '../manifest/chart/chart-renderer.ts'

/** 16 MiB, counted in UTF-16 characters. */
const charactersMax = 16_777_216

type Answer = RenderedChart | Refusal

/**
 * Remembers the newest answers: a release is decided again when the branch has moved, and each of them
 * would start helm twice. Those who ask for the same at once share one answer.
 */
export function keptTexts(): (key: string, make: () => Promise<Answer>) => Promise<Answer> {
  const known = new Map<string, RenderedChart>()
  const underWay = new Map<string, Promise<Answer>>()
  let characters = 0
  const keep = (key: string, answer: Answer): Answer => {
    underWay.delete(key)
    if (isRefusal(answer)) return answer
    known.set(key, answer)
    characters += key.length + answer.text.length
    for (const [oldest, { text }] of known) {
      if (characters <= charactersMax) break
      known.delete(oldest)
      characters -= oldest.length + text.length
    }
    return answer
  }
  return (key, make) => {
    const before = known.get(key)
    if (before) {
      // The order of a Map is that of its making: what is made anew stands last.
      known.delete(key)
      known.set(key, before)
      return Promise.resolve(before)
    }
    const running = underWay.get(key)
    if (running) return running
    const begun = make().then(
      (answer) => keep(key, answer),
      (error: unknown) => {
        underWay.delete(key)
        throw error
      },
    )
    underWay.set(key, begun)
    return begun
  }
}
