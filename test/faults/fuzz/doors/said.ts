import { isRefusal, type Refusal } from '../../../../src/domain/fault.ts'

/** A sentence without what differs from input to input: what was quoted, and numbers. */
export const gist = (sentence: string): string =>
  sentence
    .replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '…')
    .replaceAll(/\d+/g, '0')
    .slice(0, 60)

/** What a refusal says; one without a sentence says nothing. */
export const refused = ({ code, message }: Refusal): string => `${code}: ${gist(message)}`

/** A value, or what it was refused for. */
export const outcomeOf = (value: unknown): string => (isRefusal(value) ? refused(value) : 'taken')
