import { describe, expect, it } from 'vitest'
import { buttons, message } from '../../../src/messages/slack/message.ts'
import { lines, text } from '../../../src/messages/slack/rich.ts'

describe('a message', () => {
  it('keeps its buttons however full it is, also when they are the first thing that does not fit', () => {
    const row = buttons('request', [{ action: 'explain', words: 'Explain', value: 'r-1' }])
    for (let chars = 11_480; chars <= 11_520; chars++) {
      const full = lines(Array.from({ length: chars }, () => text('x')))
      expect(message([text('web')], [full, row]).blocks, `${chars} characters`).toContainEqual(row)
    }
  })
})
