-- Invoices, credit notes, payments.
CREATE TABLE invoices (
  id TEXT PRIMARY KEY,
  number TEXT,
  order_id TEXT,
  order_number TEXT,
  shipment_id TEXT,
  account_id TEXT,
  bill_to BYTEA,
  invoice_date_days BIGINT,
  tax_date_days BIGINT,
  posting_date_days BIGINT,
  due_date_days BIGINT,
  payment_terms_present BIGINT,
  payment_terms_net_days BIGINT,
  payment_terms_discount_days BIGINT,
  payment_terms_discount_rate_micros BIGINT,
  net_micros BIGINT,
  net_currency TEXT,
  tax_micros BIGINT,
  tax_currency TEXT,
  total_micros BIGINT,
  total_currency TEXT,
  open_amount_micros BIGINT,
  open_amount_currency TEXT,
  credited_micros BIGINT,
  credited_currency TEXT,
  state BIGINT,
  settlement BIGINT,
  last BIGINT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (total_micros = net_micros + tax_micros),
  CHECK (open_amount_micros BETWEEN 0 AND total_micros),
  CHECK (credited_micros BETWEEN 0 AND total_micros)
);

CREATE TABLE invoices_lines (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  line_number BIGINT,
  product_id TEXT,
  sku TEXT,
  description TEXT,
  quantity_micros BIGINT,
  quantity_unit TEXT,
  unit_price_micros BIGINT,
  unit_price_currency TEXT,
  price_per_micros BIGINT,
  discount_micros BIGINT,
  net_micros BIGINT,
  net_currency TEXT,
  tax_code TEXT,
  tax_rate_micros BIGINT,
  freight BIGINT,
  credited_micros BIGINT,
  credited_currency TEXT,
  PRIMARY KEY (parent, n),
  CHECK (credited_micros BETWEEN 0 AND net_micros)
);

CREATE TABLE invoices_taxes (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  tax_code TEXT,
  tax_rate_micros BIGINT,
  base_micros BIGINT,
  base_currency TEXT,
  tax_micros BIGINT,
  tax_currency TEXT,
  text TEXT,
  credited_base_micros BIGINT,
  credited_base_currency TEXT,
  credited_tax_micros BIGINT,
  credited_tax_currency TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE credit_notes (
  id TEXT PRIMARY KEY,
  number TEXT,
  invoice_id TEXT,
  invoice_number TEXT,
  order_id TEXT,
  shipment_id TEXT,
  return_id TEXT,
  account_id TEXT,
  bill_to BYTEA,
  reason BIGINT,
  credit_date_days BIGINT,
  posting_date_days BIGINT,
  net_micros BIGINT,
  net_currency TEXT,
  tax_micros BIGINT,
  tax_currency TEXT,
  total_micros BIGINT,
  total_currency TEXT,
  applied_micros BIGINT,
  applied_currency TEXT,
  unapplied_micros BIGINT,
  unapplied_currency TEXT,
  state BIGINT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (total_micros = net_micros + tax_micros),
  CHECK (applied_micros >= 0),
  CHECK (unapplied_micros >= 0),
  CHECK (applied_micros + unapplied_micros = total_micros)
);

CREATE TABLE credit_notes_lines (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  line_number BIGINT,
  quantity_micros BIGINT,
  quantity_unit TEXT,
  net_micros BIGINT,
  net_currency TEXT,
  tax_code TEXT,
  tax_rate_micros BIGINT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE credit_notes_taxes (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  tax_code TEXT,
  tax_rate_micros BIGINT,
  base_micros BIGINT,
  base_currency TEXT,
  tax_micros BIGINT,
  tax_currency TEXT,
  text TEXT,
  credited_base_micros BIGINT,
  credited_base_currency TEXT,
  credited_tax_micros BIGINT,
  credited_tax_currency TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE payments (
  id TEXT PRIMARY KEY,
  account_id TEXT,
  amount_micros BIGINT,
  amount_currency TEXT,
  payment_date_days BIGINT,
  posting_date_days BIGINT,
  reference TEXT,
  order_id TEXT,
  applied_micros BIGINT,
  applied_currency TEXT,
  unapplied_micros BIGINT,
  unapplied_currency TEXT,
  state BIGINT,
  reversal_reason TEXT,
  reversal_date_days BIGINT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (amount_micros > 0),
  CHECK (applied_micros >= 0),
  CHECK (unapplied_micros >= 0),
  CHECK (state = 2 OR applied_micros + unapplied_micros = amount_micros)
);

CREATE TABLE payments_invoice_ids (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE payments_applications (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  invoice_id TEXT,
  amount_micros BIGINT,
  amount_currency TEXT,
  PRIMARY KEY (parent, n),
  CHECK (amount_micros > 0)
);

-- Numbers and natural keys: one invoice per shipment, one credit note per return.
CREATE UNIQUE INDEX invoices_number ON invoices (number);
CREATE UNIQUE INDEX invoices_shipment ON invoices (shipment_id) WHERE shipment_id <> '';
CREATE UNIQUE INDEX credit_notes_number ON credit_notes (number);
CREATE UNIQUE INDEX credit_notes_return ON credit_notes (return_id) WHERE return_id <> '';
-- A payment settles its order's invoices; a refusal of credit names the account's oldest.
CREATE INDEX invoices_order ON invoices (order_id);
CREATE INDEX invoices_open ON invoices (account_id) WHERE open_amount_micros > 0;
-- An invoice takes its order's payments; one that is open again takes its own credit notes.
CREATE INDEX payments_unapplied ON payments (order_id) WHERE unapplied_micros > 0;
CREATE INDEX credit_notes_unapplied ON credit_notes (invoice_id) WHERE unapplied_micros > 0;
