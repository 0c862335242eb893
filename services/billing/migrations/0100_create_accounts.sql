-- Who owes: accounts, the one row of figures that arbitrates each, and who answers for a customer.
CREATE TABLE payer_accounts (
  customer_id TEXT PRIMARY KEY,
  account_id TEXT,
  waiting BIGINT,
  last_place BIGINT,
  version BIGINT NOT NULL,
  CHECK (waiting >= 0)
);

CREATE TABLE debtor_accounts (
  id TEXT PRIMARY KEY,
  debtor_number TEXT,
  customer_id TEXT,
  currency TEXT,
  credit_policy_present BIGINT,
  credit_policy_kind BIGINT,
  credit_policy_limit_micros BIGINT,
  credit_policy_limit_currency TEXT,
  payment_terms_present BIGINT,
  payment_terms_net_days BIGINT,
  payment_terms_discount_days BIGINT,
  payment_terms_discount_rate_micros BIGINT,
  order_block_present BIGINT,
  order_block_on BIGINT,
  order_block_reason TEXT,
  delivery_block_present BIGINT,
  delivery_block_on BIGINT,
  delivery_block_reason TEXT,
  dunning_block_present BIGINT,
  dunning_block_on BIGINT,
  dunning_block_reason TEXT,
  state BIGINT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (credit_policy_limit_micros >= 0)
);

CREATE TABLE account_exposures (
  account_id TEXT PRIMARY KEY,
  customer_id TEXT,
  receivable_micros BIGINT,
  receivable_currency TEXT,
  unapplied_micros BIGINT,
  unapplied_currency TEXT,
  committed_micros BIGINT,
  committed_currency TEXT,
  exposure_micros BIGINT,
  exposure_currency TEXT,
  highest_exposure_micros BIGINT,
  highest_exposure_currency TEXT,
  waiting BIGINT,
  open_invoices BIGINT,
  last_place BIGINT,
  sequence BIGINT,
  used BIGINT,
  invoiced BIGINT,
  version BIGINT NOT NULL,
  CHECK (receivable_micros >= 0),
  CHECK (unapplied_micros >= 0),
  CHECK (committed_micros >= 0),
  CHECK (exposure_micros = receivable_micros - unapplied_micros + committed_micros),
  CHECK (highest_exposure_micros >= exposure_micros),
  CHECK (waiting >= 0),
  CHECK (open_invoices >= 0)
);

CREATE UNIQUE INDEX debtor_accounts_number ON debtor_accounts (debtor_number);
-- Closing an account looks for its successor.
CREATE INDEX debtor_accounts_customer ON debtor_accounts (customer_id);
