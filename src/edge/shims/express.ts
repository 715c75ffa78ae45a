/**
 * In place of `express`, which Bolt loads for a receiver that is not used here.
 *
 * With what it needs it is a third of the whole bundle. It can go when Bolt has a receiver for Workers
 * of its own that loads nothing else (slackapi/bolt-js#2895).
 */
export default function express(): never {
  throw new Error('Express does not run on Workers: requests go to httpApp')
}
