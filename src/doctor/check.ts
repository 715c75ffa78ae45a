/** What was looked at, whether it is right, and what to do when it is not. */
export type Check = {
  readonly check: string
  readonly verdict: 'fine' | 'warning' | 'wrong'
  readonly message: string
}

export const fine = (check: string, message: string): Check => ({ check, verdict: 'fine', message })

export const warning = (check: string, message: string): Check => ({
  check,
  verdict: 'warning',
  message,
})

export const wrong = (check: string, message: string): Check => ({
  check,
  verdict: 'wrong',
  message,
})
