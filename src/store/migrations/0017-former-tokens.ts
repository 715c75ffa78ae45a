/** What tokens of a GimletD before us are checked with: sealed, and gone with their owner. */
export const formerTokens: readonly string[] = [
  `create table former_tokens (
     login text primary key,
     sealed text not null
   ) strict, without rowid`,
  `create trigger user_removed after delete on users begin
     delete from former_tokens where login = old.login;
   end`,
]
