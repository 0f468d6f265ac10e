/**
 * The audit chain. A pruned event leaves a row whose `event` and names are null. `audit_chain` has one row: the last link
 * that is not kept any more, and the last of all.
 */
export const AUDIT_MIGRATION = `
  CREATE TABLE audit_event (
    seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, timestamp_ms INTEGER NOT NULL, digest TEXT NOT NULL, hash TEXT NOT NULL,
    is_prune_record INTEGER NOT NULL, id TEXT UNIQUE, transaction_id TEXT, user_id TEXT, object_id TEXT, event TEXT
  );
  CREATE INDEX audit_event_topic ON audit_event (topic) WHERE event IS NOT NULL;
  CREATE INDEX audit_event_transaction ON audit_event (transaction_id) WHERE transaction_id IS NOT NULL;
  CREATE INDEX audit_event_object ON audit_event (object_id) WHERE object_id IS NOT NULL;
  CREATE TABLE audit_chain (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    anchor_seq INTEGER NOT NULL, anchor_hash TEXT NOT NULL, head_seq INTEGER NOT NULL, head_hash TEXT NOT NULL
  );
  `;
