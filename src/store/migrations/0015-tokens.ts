/** Tokens that end, that are replaced, and that are for some commands only; and those of CI runs that were used. */
export const tokens: readonly string[] = [
  `alter table users add column verbs text not null default '[]'`,
  // In Unix seconds, as are all of these; no time is never.
  'alter table users add column expires integer',
  'alter table users add column last_used integer',
  // When the token was made; nothing where that was with its user.
  'alter table users add column token_created integer',
  // The token before this one, which goes on for a while.
  'alter table users add column previous_hash text',
  'alter table users add column previous_expires integer',
  `create unique index users_by_previous on users (previous_hash) where previous_hash is not null`,

  `create table spent_tokens (
     token text primary key,
     used_for text not null,
     until integer not null
   ) strict, without rowid`,
  'create index spent_tokens_by_end on spent_tokens (until)',
]
