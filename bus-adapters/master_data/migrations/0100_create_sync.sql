-- What a synchronisation adapter keeps.
CREATE TABLE sync_systems (
  id TEXT PRIMARY KEY,
  reconciling BIGINT,
  cursor TEXT,
  records_read BIGINT,
  records_changed BIGINT,
  records_failed BIGINT,
  last_error TEXT,
  creates_under_way BIGINT,
  reconcile_start_time_micros BIGINT,
  reconcile_end_time_micros BIGINT,
  version BIGINT NOT NULL
);

CREATE TABLE crosswalk (
  id TEXT PRIMARY KEY,
  record_id TEXT,
  version BIGINT NOT NULL
);

CREATE TABLE identifiers (
  id TEXT PRIMARY KEY,
  record_id TEXT,
  version BIGINT NOT NULL
);

CREATE TABLE sync_records (
  id TEXT PRIMARY KEY,
  in_step BIGINT,
  calls BIGINT,
  refused_pushes BIGINT,
  open_conflicts BIGINT,
  refused_proposals BIGINT,
  held_back BIGINT,
  awaited_by BIGINT,
  links BYTEA,
  record BYTEA,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL
);

CREATE INDEX sync_records_in_step ON sync_records (in_step, id);

CREATE TABLE parent_waits (
  id TEXT PRIMARY KEY,
  parent_id TEXT,
  system TEXT,
  child_id TEXT,
  version BIGINT NOT NULL
);

CREATE INDEX parent_waits_parents ON parent_waits (parent_id, id);

CREATE TABLE calls_under_way (
  id TEXT PRIMARY KEY,
  record_id TEXT,
  system TEXT,
  number BIGINT,
  kind BIGINT,
  attempts BIGINT,
  foreign_id TEXT,
  push BYTEA,
  shown BYTEA,
  identifiers BYTEA,
  version BIGINT NOT NULL
);

CREATE INDEX calls_under_way_systems ON calls_under_way (system, attempts, id);

CREATE TABLE refused_writes (
  id TEXT PRIMARY KEY,
  record_id TEXT,
  system TEXT,
  foreign_id TEXT,
  field TEXT,
  old_value TEXT,
  refused_value TEXT,
  agreed_value TEXT,
  agreed_origin TEXT,
  because BIGINT,
  change_id TEXT,
  create_time_micros BIGINT,
  version BIGINT NOT NULL
);

CREATE INDEX refused_writes_copies ON refused_writes (foreign_id, id);

CREATE TABLE sync_conflicts (
  id TEXT PRIMARY KEY,
  record_id TEXT,
  number BIGINT,
  open BIGINT,
  kind BIGINT,
  system TEXT,
  foreign_id TEXT,
  field TEXT,
  proposed_value TEXT,
  agreed_value TEXT,
  candidates BYTEA,
  change_id TEXT,
  decided_by TEXT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL
);

CREATE INDEX sync_conflicts_open ON sync_conflicts (open, id);
