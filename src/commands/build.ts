import type { Invocation } from './invocation.ts'

/** A time that was checked, in Unix seconds. */
export const unix = (time: string | undefined) =>
  time === undefined ? undefined : Math.floor(Date.parse(time) / 1000)

/** What is typed as a command for the server. */
export const command = (
  asked: Extract<Invocation, { kind: 'command' }>['command'],
): Invocation => ({
  kind: 'command',
  command: asked,
})

/** Leaves out what was not given. */
export const only = <T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
