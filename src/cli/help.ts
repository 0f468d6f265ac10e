export const HELP = `lockstep <command> [options]

Commands
  start                 reconcile what the project's conf/lockstep.json names under "startup" (without --project: the demo),
                        then serve until asked to end; --no-serve ends at once
  check                 read the configuration and report everything that is wrong with it
                        --deep: also plan each mapping twice on a sample of the data, and tell what would be written again
  plan MAPPING          show what a reconciliation would do; write nothing anywhere
  recon MAPPING         show it and do it
  explain MAPPING --source ID | --target ID
                        tell how one object is decided, step by step
  held                  list the changes that the guard holds
  approve [RUN]         carry out what a run holds (each only if its object is unchanged since)
  reject [RUN]          turn down what a run holds
  runs [MAPPING]        list the latest runs
  undo RUN [--plan]     take back what a run did, where nothing has changed since; --plan only shows it
  queue [list] | queue push | queue replay [ID] | queue drop ID
                        changes that wait to be pushed to their targets: push them now, take up again what was set aside, give one up
  audit verify [SEQ:HASH]
                        follow the audit's hash chain; the place it prints can be noted and checked later
  audit purge [--older-than 90d] [--topic NAME] [--keep-runs N]
                        remove what is older than its retention
  keys list | keys create ALIAS | keys import ALIAS FILE | keys rotate [ALIAS]
                        the keys that encrypt properties; rotate encrypts everything again
  token create NAME --role ROLE [--expires 90d] | token list | token revoke NAME
                        bearer tokens for clients; a token is shown once
  admin password [USER] new password from LOCKSTEP_ADMIN_PASSWORD, or made up and shown once

Options
  --project DIR         project directory (conf/, script/, data/); default: the current directory, for start the demo
  --data DIR            where the repository is kept; default: <project>/.lockstep
  --port N              port of the server, 0 for any free one; default: what the project says, else 8080
  --mapping FILE        one more mapping, from a file of its own or a schedule with one inside
  --json                machine-readable output
  --verbose             also show what scripts log at level info
  --id ID               reconcile only this source object (may be given several times)
  --source-query FILTER, --target-query FILTER
                        restrict one run, e.g. --source-query 'department eq "Sales"'
  --no-target-phase     do not look at target objects that no source object accounts for
  --allow-empty-source  go on although the source has no objects
  --max-deletes N, --max-delete-percent P, --max-unlinks N, --max-unlink-percent P
                        limits of the guard for this run; --no-guard switches it off
  --allow-ambiguous-delete
  --log-unchanged       write an entry for unchanged objects, too
  --strict              check: warnings count as errors
  --sample N            check --deep: so many objects of each source; default 500
  --class NAME          approve only delete, unlink or ambiguousDelete
  --reason TEXT         why something is rejected

Exit codes: 0 done, 1 failed, 2 bad usage or configuration, 3 changes were held by the guard.
`;
