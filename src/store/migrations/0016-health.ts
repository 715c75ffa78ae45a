/** What a state of health is known from; and that only another state is news, not one more report of it. */
export const health: readonly string[] = [
  'drop trigger request_reported',
  `update releases set health = json_set(health, '$.commit', gitops_ref, '$.basis', 'own', '$.reason', '')
   where health is not null`,
  `create trigger request_reported after update of health, rolled_back on releases
     when new.rolled_back <> old.rolled_back
       or new.health ->> 'state' is not old.health ->> 'state'
       or new.health ->> 'since' is not old.health ->> 'since'
       or (new.health ->> 'state' = 'failed'
         and new.health ->> 'message' is not old.health ->> 'message')
     begin
       delete from changes where kind = 'request' and id = new.id;
       insert into changes (kind, id) values ('request', new.id);
     end`,
]
