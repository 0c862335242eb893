-- Customers and their people. A number names one customer; one that is free again keeps its row.
CREATE TABLE customer_numbers (
  customer_number TEXT PRIMARY KEY,
  customer_id TEXT,
  version BIGINT NOT NULL
);

CREATE TABLE customers (
  id TEXT PRIMARY KEY,
  customer_number TEXT,
  kind BIGINT,
  display_name TEXT,
  legal_name TEXT,
  language TEXT,
  state BIGINT,
  inactive BIGINT,
  archived BIGINT,
  parent_customer_id TEXT,
  order_block_present BIGINT,
  order_block_on BIGINT,
  order_block_reason TEXT,
  invoice_email TEXT,
  phone TEXT,
  email TEXT,
  website TEXT,
  tax_status BIGINT,
  exemption_present BIGINT,
  exemption_number TEXT,
  exemption_until_days BIGINT,
  debtor_number TEXT,
  currency TEXT,
  payment_terms_present BIGINT,
  payment_terms_net_days BIGINT,
  payment_terms_discount_days BIGINT,
  payment_terms_discount_rate_micros BIGINT,
  credit_policy_present BIGINT,
  credit_policy_kind BIGINT,
  credit_policy_limit_micros BIGINT,
  credit_policy_limit_currency TEXT,
  delivery_block_present BIGINT,
  delivery_block_on BIGINT,
  delivery_block_reason TEXT,
  dunning_block_present BIGINT,
  dunning_block_on BIGINT,
  dunning_block_reason TEXT,
  delivery_policy BIGINT,
  tier TEXT,
  owner TEXT,
  team TEXT,
  source TEXT,
  price_list TEXT,
  notes TEXT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (customer_number <> ''),
  CHECK (display_name <> ''),
  CHECK (state IN (1, 2)),
  CHECK (credit_policy_limit_micros >= 0)
);

CREATE UNIQUE INDEX customers_by_number ON customers (customer_number);
-- Whose children, before a customer is deleted.
CREATE INDEX customers_by_parent ON customers (parent_customer_id);

CREATE TABLE customers_addresses (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  address_id TEXT,
  purpose BIGINT,
  address_present BIGINT,
  address_lines BYTEA,
  address_city TEXT,
  address_region TEXT,
  address_postal_code TEXT,
  address_country_code TEXT,
  name TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE customers_tax_ids (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  country_code TEXT,
  scheme TEXT,
  value TEXT,
  verified BIGINT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE customers_segments (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE customers_tags (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE customers_consents (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  channel BIGINT,
  purpose TEXT,
  given BIGINT,
  consent_date_days BIGINT,
  source TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE contacts (
  id TEXT PRIMARY KEY,
  customer_id TEXT,
  display_name TEXT,
  given_name TEXT,
  family_name TEXT,
  salutation TEXT,
  job_title TEXT,
  email TEXT,
  phone TEXT,
  mobile TEXT,
  language TEXT,
  is_primary BIGINT,
  notes TEXT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL
);

-- The people of a customer, for lists and before it is deleted.
CREATE INDEX contacts_by_customer ON contacts (customer_id, id);

CREATE TABLE contacts_consents (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  channel BIGINT,
  purpose TEXT,
  given BIGINT,
  consent_date_days BIGINT,
  source TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE contacts_tags (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  value TEXT,
  PRIMARY KEY (parent, n)
);

-- Ids that never come back.
CREATE TABLE deleted_records (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL
);
