/** A release that is deleted must run nowhere: without an index each one looks through all that runs. */
export const runningByRelease: readonly string[] = [
  'create index running_by_release on running (release_seq)',
]
