/** A value that a rule can compare. */
export type FactValue = string | number | boolean | readonly string[]
export type FactType = 'string' | 'number' | 'boolean' | 'strings'

/** What a policy sees: a tree of plain objects with fact values as leaves. Absent is not `null`. */
export type Facts = { readonly [name: string]: FactValue | Facts }

export type FactDeclaration = {
  /** The path as a rule writes it; `*` stands for one name that is not known beforehand. */
  readonly path: string
  readonly type: FactType
  readonly meaning: string
  /** A moment in Unix seconds, which `minutesSince` may take. */
  readonly isTime?: true
}

const text = (path: string, meaning: string): FactDeclaration => ({ path, type: 'string', meaning })
const number = (path: string, meaning: string): FactDeclaration => ({
  path,
  type: 'number',
  meaning,
})

const time = (path: string, meaning: string): FactDeclaration => ({
  ...number(path, meaning),
  isTime: true,
})
const texts = (path: string, meaning: string): FactDeclaration => ({
  path,
  type: 'strings',
  meaning,
})

const runningFacts = (prefix: string, where: string): FactDeclaration[] => [
  text(`${prefix}.artifactId`, `the artifact that runs ${where}`),
  text(`${prefix}.sha`, `the source commit that runs ${where}`),
  text(`${prefix}.branch`, `the branch that the running artifact was built from`),
  time(`${prefix}.created`, `when the running version was made, in Unix seconds`),
  time(`${prefix}.releasedAt`, `when it was released, in Unix seconds`),
  number(`${prefix}.minutes`, `whole minutes since it was released`),
  text(`${prefix}.health`, `progressing, healthy or failed, once the cluster has said so`),
  time(
    `${prefix}.healthySince`,
    `since when it is healthy, in Unix seconds; not there when it is not`,
  ),
]

/**
 * Every fact a policy may name. A rule that names another is refused when it is loaded;
 * `docs/policies.md` is made from this list.
 */
export const factDeclarations: readonly FactDeclaration[] = [
  text('artifact.id', 'the artifact that is to be released'),
  text('artifact.version.repositoryName', 'its repository, such as owner/example-service'),
  text('artifact.version.sha', 'its source commit'),
  text(
    'artifact.version.branch',
    'the branch it was built from; of a pull request: the target branch',
  ),
  text('artifact.version.event', 'push, tag or pr'),
  text('artifact.version.sourceBranch', 'of a pull request: the branch that is to be merged'),
  text('artifact.version.targetBranch', 'of a pull request: the branch to merge into'),
  text('artifact.version.tag', 'the tag, of a tag event'),
  text('artifact.version.authorName', 'who wrote the commit'),
  text('artifact.version.authorEmail', 'the e-mail address of who wrote the commit'),
  text('artifact.version.committerName', 'who committed it'),
  text('artifact.version.committerEmail', 'the e-mail address of who committed it'),
  text('artifact.version.message', 'the commit message'),
  text('artifact.version.url', 'a link to the commit'),
  time('artifact.version.created', 'when the version was made, in Unix seconds'),
  text('artifact.context.*', 'a value of the artifact’s context'),
  text('artifact.images.*.registry', 'of the item of that name: the image’s registry'),
  text('artifact.images.*.repository', 'of the item of that name: the image’s repository'),
  text('artifact.images.*.tag', 'of the item of that name: the image’s tag'),
  text('artifact.images.*.digest', 'of the item of that name: the image’s digest'),
  number('artifact.tests.total', 'how many tests CI ran, by the items named tests'),
  number('artifact.tests.failures', 'of these, how many failed'),
  number('artifact.tests.errors', 'of these, how many broke'),
  number('artifact.tests.skipped', 'of these, how many were left out'),
  number('artifact.scan.critical', 'critical findings of scanners, by the items named scan'),
  number('artifact.scan.high', 'their findings that are high'),
  number('artifact.scan.medium', 'their findings that are medium'),
  number('artifact.scan.low', 'their findings that are low'),
  number('artifact.scan.unknown', 'their findings that say not how bad they are'),
  text('artifact.sbom.format', 'cyclonedx or spdx, by the item named sbom'),
  text('artifact.sbom.url', 'where the bill of materials is'),
  text('artifact.sbom.sha256', 'its SHA-256 digest in hexadecimal'),
  text('app', 'the app that is to be released'),
  text('env', 'the environment that it is to be released to'),
  text('actor.login', 'who asks; policy:<name> when a policy does'),
  text('actor.kind', 'token or policy'),
  texts('actor.roles', 'the roles that who asks has for this app and environment'),
  texts('actor.teams', 'the teams of who asks'),
  texts('approvals.by', 'the logins of those who approved, never of who asked'),
  texts('approvals.roles.*', 'of these, those who have the role for this app and environment'),
  texts('approvals.teams.*', 'of these, those who are in the team'),
  texts('locks.by', 'who locked this app or environment'),
  texts('locks.reasons', 'why they did'),
  text('request.kind', 'release, rollback or delete'),
  text('request.source', 'api, slack, github or policy'),
  text('request.reason', 'the reason that was given, empty without one'),
  ...runningFacts('current', 'now where the request goes'),
  ...runningFacts('envs.*', 'now in that environment'),
  text('released.env', 'of a trigger on released: the environment that was released to'),
  text('released.by', 'of a trigger on released: who asked for that release'),
  text('released.kind', 'of a trigger on released: release or rollback'),
  text('deleted.branch', 'of a trigger on branchDeleted: the branch that is gone'),
  text('deleted.repository', 'of a trigger on branchDeleted: its repository'),
  text('now.iso', 'the time of the decision, such as 2026-11-23T09:30:00Z'),
  number('now.unix', 'the same in Unix seconds'),
  text('now.weekday', 'monday to sunday, in the policy’s timeZone'),
  number('now.hour', '0 to 23, in the policy’s timeZone'),
  number('now.minute', '0 to 59, in the policy’s timeZone'),
]
