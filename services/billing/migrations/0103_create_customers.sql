-- The ERP's copy of customers, and the company's own defaults.
CREATE TABLE customers (
  id TEXT PRIMARY KEY,
  customer_number TEXT,
  kind BIGINT,
  display_name TEXT,
  legal_name TEXT,
  language TEXT,
  status BIGINT,
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
  archived BIGINT,
  account_id TEXT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL
);

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

CREATE TABLE company_profiles (
  id TEXT PRIMARY KEY,
  currency TEXT,
  credit_limit_micros BIGINT,
  credit_limit_currency TEXT,
  unlimited_credit BIGINT,
  payment_terms_present BIGINT,
  payment_terms_net_days BIGINT,
  payment_terms_discount_days BIGINT,
  payment_terms_discount_rate_micros BIGINT,
  version BIGINT NOT NULL
);
