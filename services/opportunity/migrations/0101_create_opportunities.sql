-- Opportunities, their pipelines, and what is done for them.
CREATE TABLE pipelines (
  id TEXT PRIMARY KEY,
  display_name TEXT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL
);

CREATE TABLE pipelines_stages (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  stage TEXT,
  display_name TEXT,
  probability_micros BIGINT,
  PRIMARY KEY (parent, n)
);

-- The pipeline that is there from the start.
INSERT INTO pipelines (id, display_name, version) VALUES ('standard', 'Standard', 1);
INSERT INTO pipelines_stages (parent, n, stage, display_name, probability_micros) VALUES
  ('standard', 0, 'qualification', 'Qualification', 100000),
  ('standard', 1, 'analysis', 'Needs analysis', 250000),
  ('standard', 2, 'proposal', 'Proposal', 500000),
  ('standard', 3, 'negotiation', 'Negotiation', 750000);

CREATE TABLE opportunities (
  id TEXT PRIMARY KEY,
  name TEXT,
  customer_id TEXT,
  contact_id TEXT,
  state BIGINT,
  pipeline TEXT,
  stage TEXT,
  amount_micros BIGINT,
  amount_currency TEXT,
  close_date_days BIGINT,
  probability_micros BIGINT,
  forecast_category BIGINT,
  forecast_amount_micros BIGINT,
  forecast_amount_currency TEXT,
  owner TEXT,
  team TEXT,
  source TEXT,
  next_step TEXT,
  notes TEXT,
  primary_quote_id TEXT,
  won_quote_id TEXT,
  order_id TEXT,
  closed_date_days BIGINT,
  lost_reason TEXT,
  competitor TEXT,
  reopen_reason TEXT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (name <> ''),
  CHECK (state IN (1, 2, 3)),
  CHECK (amount_micros >= 0),
  CHECK (probability_micros BETWEEN 0 AND 1000000)
);

-- A customer's opportunities, for lists.
CREATE INDEX opportunities_by_customer ON opportunities (customer_id, id);

CREATE TABLE opportunities_tags (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE activities (
  id TEXT PRIMARY KEY,
  kind BIGINT,
  subject TEXT,
  body TEXT,
  opportunity_id TEXT,
  customer_id TEXT,
  contact_id TEXT,
  owner TEXT,
  due_date_days BIGINT,
  done BIGINT,
  done_date_days BIGINT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL
);

-- What is done for an opportunity or a customer, for lists.
CREATE INDEX activities_by_opportunity ON activities (opportunity_id, id);
CREATE INDEX activities_by_customer ON activities (customer_id, id);

-- Ids that never come back.
CREATE TABLE deleted_records (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL
);
