/** What was seen of the branches of GitOps repositories, where a server has no folder to keep it in. */
export const seenBranches: readonly string[] = [
  `create table seen_branches (
     repository text primary key,
     url text not null,
     branch text not null,
     tip text,
     halt text,
     fence integer not null
   ) strict, without rowid`,
]
