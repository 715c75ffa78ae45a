/** Reads answers off a connection: a status for each one that is whole. */
export class Answers {
  #text = ''

  /** Takes what came, and answers the statuses of the answers that it completed. */
  take(bytes: Buffer): number[] {
    this.#text += bytes.toString('latin1')
    const statuses: number[] = []
    for (let end = this.#endOfFirst(); end > 0; end = this.#endOfFirst()) {
      statuses.push(Number(this.#text.slice(9, 12)))
      this.#text = this.#text.slice(end)
    }
    return statuses
  }

  #endOfFirst(): number {
    const headEnd = this.#text.indexOf('\r\n\r\n')
    if (headEnd < 0) return 0
    const head = this.#text.slice(0, headEnd + 2).toLowerCase()
    const from = headEnd + 4
    if (/\r\ntransfer-encoding: chunked\r\n/.test(head)) {
      if (this.#text.startsWith('0\r\n\r\n', from)) return from + 5
      const end = this.#text.indexOf('\r\n0\r\n\r\n', from)
      return end < 0 ? 0 : end + 7
    }
    const end = from + Number(/\r\ncontent-length: (\d+)\r\n/.exec(head)?.[1] ?? 0)
    return end <= this.#text.length ? end : 0
  }
}
