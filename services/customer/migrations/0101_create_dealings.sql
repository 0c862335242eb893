-- What other services told of customers: read models, filled from their events.
CREATE TABLE credit_standings (
  id TEXT PRIMARY KEY,
  as_of_days BIGINT,
  version BIGINT NOT NULL
);

CREATE TABLE credit_standings_accounts (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  account_id TEXT,
  debtor_number TEXT,
  currency TEXT,
  closed BIGINT,
  policy BIGINT,
  limit_micros BIGINT,
  limit_currency TEXT,
  exposure_micros BIGINT,
  exposure_currency TEXT,
  headroom_micros BIGINT,
  headroom_currency TEXT,
  position_micros BIGINT,
  position_currency TEXT,
  committed_micros BIGINT,
  committed_currency TEXT,
  overdue_micros BIGINT,
  overdue_currency TEXT,
  waiting BIGINT,
  open_invoices BIGINT,
  order_block_present BIGINT,
  order_block_on BIGINT,
  order_block_reason TEXT,
  delivery_block_present BIGINT,
  delivery_block_on BIGINT,
  delivery_block_reason TEXT,
  dunning_block_present BIGINT,
  dunning_block_on BIGINT,
  dunning_block_reason TEXT,
  account_version BIGINT,
  figures_sequence BIGINT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE dealings_histories (
  id TEXT PRIMARY KEY,
  quotes BIGINT,
  orders BIGINT,
  invoices BIGINT,
  credit_notes BIGINT,
  payments BIGINT,
  first_order_date_days BIGINT,
  last_order_date_days BIGINT,
  version BIGINT NOT NULL,
  CHECK (quotes >= 0),
  CHECK (orders >= 0),
  CHECK (invoices >= 0),
  CHECK (credit_notes >= 0),
  CHECK (payments >= 0)
);

CREATE TABLE dealings_histories_totals (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  currency TEXT,
  ordered_micros BIGINT,
  ordered_currency TEXT,
  invoiced_micros BIGINT,
  invoiced_currency TEXT,
  credited_micros BIGINT,
  credited_currency TEXT,
  paid_micros BIGINT,
  paid_currency TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE dealings_documents (
  id TEXT PRIMARY KEY,
  customer_id TEXT,
  kind BIGINT,
  number TEXT,
  state TEXT,
  document_date_days BIGINT,
  amount_micros BIGINT,
  amount_currency TEXT,
  open_amount_micros BIGINT,
  open_amount_currency TEXT,
  due_date_days BIGINT,
  order_id TEXT,
  account_id TEXT,
  source_version BIGINT,
  version BIGINT NOT NULL
);

-- A customer's documents by kind: for lists, and what is overdue.
CREATE INDEX dealings_documents_by_customer ON dealings_documents (customer_id, kind, id);
