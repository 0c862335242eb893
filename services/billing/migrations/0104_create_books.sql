-- Tax codes, months, and the books: append-only.
CREATE TABLE tax_codes (
  id TEXT PRIMARY KEY,
  tax_class TEXT,
  rate_micros BIGINT,
  text TEXT,
  retired BIGINT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (rate_micros BETWEEN 0 AND 1000000)
);

CREATE TABLE accounting_periods (
  id TEXT PRIMARY KEY,
  state BIGINT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL
);

CREATE TABLE ledger_entries (
  id TEXT PRIMARY KEY,
  document BIGINT,
  document_number TEXT,
  posting_date_days BIGINT,
  document_date_days BIGINT,
  create_time_micros BIGINT,
  version BIGINT NOT NULL
);

CREATE TABLE ledger_entries_postings (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  ledger_account TEXT,
  debit_micros BIGINT,
  debit_currency TEXT,
  credit_micros BIGINT,
  credit_currency TEXT,
  debtor_account_id TEXT,
  tax_code TEXT,
  PRIMARY KEY (parent, n),
  CHECK (debit_micros >= 0),
  CHECK (credit_micros >= 0),
  CHECK (debit_micros = 0 OR credit_micros = 0),
  CHECK (debit_currency = credit_currency)
);

-- One code in use per tax class.
CREATE UNIQUE INDEX tax_codes_class ON tax_codes (tax_class)
  WHERE tax_class <> '' AND retired = 0;
