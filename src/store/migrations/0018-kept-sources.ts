/** Policies and manifests as they were read of a tree, for servers whose memory does not last. */
export const keptSources: readonly string[] = [
  `create table kept_sources (
     seq integer primary key,
     folder text not null,
     tree text not null,
     version text not null,
     files text not null,
     unique (folder, tree)
   ) strict`,
]
