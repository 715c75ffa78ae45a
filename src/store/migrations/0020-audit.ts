type Recorded = {
  readonly name: string
  readonly on: string
  readonly when?: string
  /** SQL of who did it; what nobody is named for, the server did. */
  readonly actor?: string
  readonly action: string
  readonly env?: string
  readonly app?: string
  readonly subject: string
  /** SQL of a JSON object. */
  readonly detail: string
}

/** Who is named for this transaction, or the server itself: no login has such a name. */
const named = `coalesce((select login from audit_actor), '(server)')`
const asker = `case when json_valid(new.actor) then coalesce(new.actor ->> 'login', '') else '' end`

/** A trigger writes the record, so that no change can be kept without it, nor it without the change. */
const record = (one: Recorded): string => `create trigger audit_${one.name} after ${one.on}
  when ${one.when ?? 'true'} begin
    insert into audit (at_ms, actor, action, env, app, subject, detail) values (
      cast(unixepoch('subsec') * 1000 as integer), ${one.actor ?? named}, ${one.action},
      ${one.env ?? 'null'}, ${one.app ?? 'null'}, ${one.subject}, ${one.detail});
  end`

const never = (what: 'update' | 'delete', table: 'audit' | 'audit_seals'): string =>
  `create trigger ${table}_no_${what} before ${what} on ${table} begin
     select raise(abort, 'the audit record is only added to');
   end`

const recorded: readonly Recorded[] = [
  {
    // Of what a GimletD before us knew, the end is known as well.
    name: 'request_accepted',
    on: 'insert on events',
    actor: `case when new.status = 'new' then ${asker} else ${named} end`,
    action: `iif(new.kind = 'artifact', 'artifact.', 'request.')
      || iif(new.status = 'new', 'accepted', 'imported')`,
    env: 'new.env',
    app: 'new.app',
    subject: 'new.id',
    detail: `json_object('kind', new.kind, 'artifact', new.artifact_id, 'of', new.parent_id,
      'to', new.to_ref, 'reason', new.reason, 'source', new.source, 'forced', new.forced)`,
  },
  {
    name: 'request_moved',
    on: 'update of status on events',
    when: 'new.status <> old.status',
    action: `'request.' || new.status`,
    env: 'new.env',
    app: 'new.app',
    subject: 'new.id',
    detail: `json_object('kind', new.kind, 'artifact', new.artifact_id, 'decision', new.decision_id,
      'why', new.status_desc)`,
  },
  {
    name: 'request_bound',
    on: 'update of artifact_id on events',
    when: 'new.artifact_id is not old.artifact_id',
    action: `'request.bound'`,
    env: 'new.env',
    app: 'new.app',
    subject: 'new.id',
    detail: `json_object('artifact', new.artifact_id)`,
  },
  {
    name: 'request_approved',
    on: 'insert on approvals',
    actor: 'new.login',
    action: `'request.approved'`,
    env: '(select env from events where id = new.event_id)',
    app: '(select app from events where id = new.event_id)',
    subject: 'new.event_id',
    detail: `'{}'`,
  },
  {
    name: 'release_landed',
    on: 'update of state on commits',
    when: `new.state = 'landed' and old.state <> 'landed'`,
    action: `coalesce((select kind || '.landed' from events
      where id = new.event_id and kind in ('rollback', 'delete')), 'release.landed')`,
    env: '(select env from events where id = new.event_id)',
    app: '(select app from events where id = new.event_id)',
    subject: 'new.event_id',
    detail: `json_object('commit', new.ref, 'decision', new.decision_id)`,
  },
  {
    name: 'release_reported',
    on: 'update of health on releases',
    when: `new.health ->> 'state' is not old.health ->> 'state'`,
    action: `'release.health'`,
    env: 'new.env',
    app: 'new.app',
    subject: 'new.id',
    detail: `json_object('state', new.health ->> 'state', 'basis', new.health ->> 'basis',
      'commit', new.health ->> 'commit')`,
  },
  {
    name: 'lock_made',
    on: 'insert on locks',
    actor: 'new.locked_by',
    action: `'lock.made'`,
    env: 'new.env',
    app: 'new.app',
    subject: 'new.id',
    detail: `json_object('kind', new.kind, 'reason', new.reason, 'until', new.until)`,
  },
  {
    name: 'lock_ended',
    on: 'update of ended on locks',
    when: 'new.ended is not null and old.ended is null',
    actor: `coalesce(new.ended_by, ${named})`,
    action: `'lock.ended'`,
    env: 'new.env',
    app: 'new.app',
    subject: 'new.id',
    detail: `json_object('kind', new.kind, 'by', new.locked_by)`,
  },
  {
    name: 'block_made',
    on: 'insert on blocks',
    actor: 'new.blocked_by',
    action: `'block.made'`,
    subject: 'new.artifact_id',
    detail: `json_object('reason', new.reason)`,
  },
  {
    name: 'block_ended',
    on: 'delete on blocks',
    action: `'block.ended'`,
    subject: 'old.artifact_id',
    detail: `json_object('by', old.blocked_by, 'reason', old.reason)`,
  },
  ...(['added', 'renewed'] as const).map(
    (what): Recorded => ({
      name: `user_${what}`,
      on: what === 'added' ? 'insert on users' : 'update of token_hash on users',
      action: `'user.${what}'`,
      subject: 'new.login',
      detail: `json_object('roles', new.roles, 'repositories', new.repositories,
      'verbs', new.verbs, 'expires', new.expires)`,
    }),
  ),
  {
    name: 'user_removed',
    on: 'delete on users',
    action: `'user.removed'`,
    subject: 'old.login',
    detail: `json_object('roles', old.roles)`,
  },
  {
    name: 'gitops_resumed',
    on: 'update of resumed on gitops_indexes',
    when: 'new.resumed is not null',
    actor: `coalesce(new.resumed_by, ${named})`,
    action: `'gitops.resumed'`,
    subject: 'new.repository',
    detail: `json_object('lost', new.lost, 'tip', new.resumed)`,
  },
  ...['insert', 'update of base'].map(
    (on, at): Recorded => ({
      name: `gitops_reindexed_${at + 1}`,
      on: `${on} on gitops_indexes`,
      when: 'new.ref is not null',
      action: `'gitops.reindexed'`,
      subject: 'new.repository',
      detail: `json_object('tip', new.ref)`,
    }),
  ),
]

/** The record of every change of state with its actor, and the seals that chain it. */
export const audit: readonly string[] = [
  `create table audit (
     seq integer primary key,
     at_ms integer not null,
     actor text not null,
     action text not null,
     env text,
     app text,
     subject text not null,
     detail text not null
   ) strict`,
  'create index audit_by_actor on audit (actor, seq)',
  'create index audit_by_app on audit (app, seq) where app is not null',
  // Who acts, for the triggers: there is a row only inside of a transaction that names someone.
  'create table audit_actor (login text not null) strict',
  // A seal holds the digests of the records from \`first\` to \`last\`, and the hash of the seal before it.
  `create table audit_seals (
     number integer primary key,
     first integer not null,
     last integer not null,
     at_ms integer not null,
     previous text not null,
     digests text not null,
     hash text not null
   ) strict`,
  never('update', 'audit'),
  never('delete', 'audit'),
  never('update', 'audit_seals'),
  never('delete', 'audit_seals'),
  ...recorded.map(record),
]
