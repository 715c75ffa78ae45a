/** Who leads, of several servers on this database; and which server a delivery was taken by. */
export const leases: readonly string[] = [
  `create table leases (
     name text primary key,
     holder text,
     place text not null,
     fence integer not null,
     beat integer not null,
     length_ms integer not null
   ) strict, without rowid`,
  `insert into leases values ('leader', null, '', 0, 0, 0)`,
  // A write of a holder begins with an insert here, which fails the whole transaction when another
  // holds the lease: row F18. Nothing is ever stored by it.
  'create view lease_guard as select name, fence from leases',
  `create trigger lease_lost instead of insert on lease_guard
     when not exists (
       select 1 from leases
       where name = new.name and fence = new.fence and holder is not null)
     begin
       select raise(abort, 'lease_lost');
     end`,
  // An empty text is of the time when there was one server.
  `alter table deliveries add column server text not null default ''`,
]
