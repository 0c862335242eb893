-- Credit of orders.
CREATE TABLE credit_commitments (
  order_id TEXT PRIMARY KEY,
  order_number TEXT,
  account_id TEXT,
  payer_customer_id TEXT,
  revision BIGINT,
  committed_micros BIGINT,
  committed_currency TEXT,
  invoiced_micros BIGINT,
  invoiced_currency TEXT,
  state BIGINT,
  waiting_present BIGINT,
  waiting_asked_micros BIGINT,
  waiting_asked_currency TEXT,
  waiting_revision BIGINT,
  waiting_reason BIGINT,
  waiting_place BIGINT,
  credit_override_present BIGINT,
  credit_override_amount_micros BIGINT,
  credit_override_amount_currency TEXT,
  credit_override_reason TEXT,
  credit_override_authorised_by TEXT,
  credit_override_pending BIGINT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (committed_micros >= 0),
  CHECK (invoiced_micros >= 0),
  CHECK (state = 1 OR waiting_present IS NULL OR waiting_present = 0)
);

-- The queues for credit: few rows, of the many that ever were.
CREATE INDEX credit_commitments_waiting ON credit_commitments (account_id)
  WHERE waiting_present = 1;
CREATE INDEX credit_commitments_waiting_payer ON credit_commitments (payer_customer_id)
  WHERE waiting_present = 1;
