/** What is told on a pull request besides the comment: a check run, and the status of its artifact. */
export const githubChecks: readonly string[] = [
  'drop trigger pull_changed',
  // However it is found out that a pull request was closed or changed: what is told on it is looked at.
  `create trigger pull_changed after update of head_sha, base_branch, is_open on pulls
     when new.head_sha <> old.head_sha or new.base_branch <> old.base_branch
       or new.is_open <> old.is_open begin
       update messages set changed = changed + 1, due_ms = case when changed > sent then due_ms else 0 end
         where key in (select 'github ' || value || ' ' || new.repository_id || ' ' || new.number
           from json_each('["sticky", "check", "artifact", "policies"]'));
     end`,
]
