/** Moves a subject to the end. An upsert would not do: whatever fires a trigger decides on its conflicts. */
const changed = (kind: string, id: string) =>
  `delete from changes where kind = '${kind}' and id = ${id};
   insert into changes (kind, id) select '${kind}', one.id from (select ${id} as id) one where one.id is not null;`

/** What changed, in order, and the messages that tell people of it; what Slack sent us. */
export const notifications: readonly string[] = [
  // A feed: one row a subject, which moves to the end whenever the subject changes. Triggers write it,
  // so that no change can be told of without being kept, nor kept without being told of: row F24.
  `create table changes (
     seq integer primary key autoincrement,
     kind text not null check (kind in ('request', 'lock')),
     id text not null,
     unique (kind, id)
   ) strict`,
  // Up to where each reader of the feed has read.
  'create table readers (name text primary key, seq integer not null) strict, without rowid',
  ...[
    { name: 'asked', on: 'insert on events', when: 'true' },
    {
      name: 'moved',
      on: 'update of status, status_desc on events',
      when: '(new.status <> old.status or new.status_desc <> old.status_desc)',
    },
  ].map(
    ({ name, on, when }) => `create trigger request_${name} after ${on}
       when new.env is not null and new.app is not null and ${when} begin
         ${changed('request', 'new.id')}
         ${changed('request', 'new.parent_id')}
       end`,
  ),
  // A request that is no event of one app and environment tells of itself when it ends without parts.
  `create trigger request_ended after update of status on events
     when (new.env is null or new.app is null) and new.kind in ('release', 'rollback', 'delete')
     begin
       ${changed('request', 'new.id')}
     end`,
  `create trigger request_approved after insert on approvals begin
     ${changed('request', 'new.event_id')}
   end`,
  `create trigger request_reported after update of health, rolled_back on releases begin
     ${changed('request', 'new.id')}
   end`,
  // What runs now changes what may be done about what ran before.
  `create trigger request_replaced after update of release_seq on running
     when new.release_seq <> old.release_seq begin
       ${changed('request', '(select id from releases where seq = old.release_seq)')}
     end`,
  `create trigger lock_made after insert on locks when new.kind = 'freeze' begin
     ${changed('lock', 'new.id')}
   end`,
  `create trigger lock_ended after update of ended on locks begin
     ${changed('lock', 'new.id')}
   end`,

  // A message that is to be sent, or kept up to date: \`changed\` counts what it is to tell, \`sent\` what
  // it has told. Without a body it is made of its subject at the moment when it is sent.
  `create table messages (
     seq integer primary key,
     key text not null unique,
     surface text not null,
     kind text not null,
     subject_kind text,
     subject_id text,
     place text not null,
     thread text,
     body text,
     ts text,
     shown text,
     told text not null default '[]',
     changed integer not null default 1,
     sent integer not null default 0,
     attempts integer not null default 0,
     due_ms integer not null,
     until_ms integer,
     problem text,
     created_ms integer not null
   ) strict`,
  'create index messages_due on messages (due_ms) where changed > sent',
  'create index messages_by_subject on messages (subject_kind, subject_id)',
  'create index messages_by_ts on messages (place, ts) where ts is not null',

  // What a chat surface sent: kept before it is answered, carried out once.
  `create table deliveries (
     key text primary key,
     surface text not null,
     request_id text not null,
     body text not null,
     received_ms integer not null,
     answer text,
     is_done integer not null default 0 check (is_done in (0, 1))
   ) strict, without rowid`,
  'create index deliveries_open on deliveries (received_ms) where is_done = 0',
  'create index deliveries_done on deliveries (received_ms) where is_done = 1',

  // What is known of the outside: such as which workspace the bot's token is for.
  'create table known (name text primary key, value text not null) strict, without rowid',
]
