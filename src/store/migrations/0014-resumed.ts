/** Which rewound tip a person has given up for which other one, so that every server knows. */
export const resumed: readonly string[] = [
  'alter table gitops_indexes add column lost text',
  'alter table gitops_indexes add column resumed text',
  'alter table gitops_indexes add column resumed_by text',
]
