/** The processor time that some work takes, in ms: other than the time of day it does not grow with what else runs. */
export function cpuMsOf(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
