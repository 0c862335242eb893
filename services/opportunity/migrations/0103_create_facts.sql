-- What other services told: read models, filled from their events.
CREATE TABLE customer_facts (
  id TEXT PRIMARY KEY,
  customer_number TEXT,
  display_name TEXT,
  customer BIGINT,
  blocked BIGINT,
  block_reason TEXT,
  archived BIGINT,
  deleted BIGINT,
  language TEXT,
  source_version BIGINT,
  version BIGINT NOT NULL
);

CREATE TABLE opportunity_results (
  id TEXT PRIMARY KEY,
  orders BIGINT,
  version BIGINT NOT NULL
);

CREATE TABLE opportunity_results_totals (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  currency TEXT,
  booked_micros BIGINT,
  booked_currency TEXT,
  shipped_micros BIGINT,
  shipped_currency TEXT,
  invoiced_micros BIGINT,
  invoiced_currency TEXT,
  credited_micros BIGINT,
  credited_currency TEXT,
  collected_micros BIGINT,
  collected_currency TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE order_results (
  id TEXT PRIMARY KEY,
  order_number TEXT,
  opportunity_id TEXT,
  quote_id TEXT,
  cancelled BIGINT,
  total_present BIGINT,
  total_currency TEXT,
  total_booked_micros BIGINT,
  total_booked_currency TEXT,
  total_shipped_micros BIGINT,
  total_shipped_currency TEXT,
  total_invoiced_micros BIGINT,
  total_invoiced_currency TEXT,
  total_credited_micros BIGINT,
  total_credited_currency TEXT,
  total_collected_micros BIGINT,
  total_collected_currency TEXT,
  order_version BIGINT,
  version BIGINT NOT NULL
);

-- The orders of an opportunity.
CREATE INDEX order_results_by_opportunity ON order_results (opportunity_id);

CREATE TABLE result_documents (
  id TEXT PRIMARY KEY,
  order_id TEXT,
  total_present BIGINT,
  total_currency TEXT,
  total_booked_micros BIGINT,
  total_booked_currency TEXT,
  total_shipped_micros BIGINT,
  total_shipped_currency TEXT,
  total_invoiced_micros BIGINT,
  total_invoiced_currency TEXT,
  total_credited_micros BIGINT,
  total_credited_currency TEXT,
  total_collected_micros BIGINT,
  total_collected_currency TEXT,
  source_version BIGINT,
  version BIGINT NOT NULL
);
