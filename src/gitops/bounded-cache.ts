type Kept<T> = { readonly value: T; readonly size: number }

/** Remembers what was used last, up to a size in all. What is larger than that by itself is not kept. */
export class BoundedCache<T> {
  readonly #sizeMax: number
  readonly #kept = new Map<string, Kept<T>>()
  #size = 0

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get(key: string): T | undefined {
    const found = this.#kept.get(key)
    if (found === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, found)
    return found.value
  }

  /** Keeps a value of so much, and answers it. */
  put(key: string, value: T, size: number): T {
    this.#drop(key)
    if (size > this.#sizeMax) return value
    this.#kept.set(key, { value, size })
    this.#size += size
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= this.#sizeMax) break
      this.#drop(oldest)
    }
    return value
  }

  #drop(key: string): void {
    this.#size -= this.#kept.get(key)?.size ?? 0
    this.#kept.delete(key)
  }
}
