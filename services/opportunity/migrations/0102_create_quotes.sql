-- Quotes, a row per version.
CREATE TABLE quotes (
  id TEXT PRIMARY KEY,
  quote_number TEXT,
  quote_version BIGINT,
  display_number TEXT,
  state BIGINT,
  opportunity_id TEXT,
  customer_id TEXT,
  customer_name TEXT,
  contact_id TEXT,
  ship_to BYTEA,
  bill_to_customer_id TEXT,
  payer_customer_id TEXT,
  quote_date_days BIGINT,
  valid_until_days BIGINT,
  requested_date_days BIGINT,
  currency TEXT,
  delivery_policy BIGINT,
  backorder_policy BIGINT,
  customer_reference TEXT,
  freight_present BIGINT,
  freight_net_micros BIGINT,
  freight_net_currency TEXT,
  freight_tax_class TEXT,
  freight_description TEXT,
  net_total_micros BIGINT,
  net_total_currency TEXT,
  terms TEXT,
  notes TEXT,
  owner TEXT,
  acceptance_date_days BIGINT,
  accepted_by TEXT,
  closed_reason TEXT,
  superseded_by TEXT,
  supersedes TEXT,
  order_id TEXT,
  order_number TEXT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (quote_version > 0),
  CHECK (state BETWEEN 1 AND 8),
  CHECK (state NOT IN (3, 4) OR acceptance_date_days IS NOT NULL),
  CHECK (state <> 2 OR valid_until_days >= quote_date_days),
  CHECK (state <> 4 OR order_id <> '')
);

-- A quote has each version once.
CREATE UNIQUE INDEX quotes_by_version ON quotes (quote_number, quote_version);
-- The quotes of an opportunity, withdrawn with it.
CREATE INDEX quotes_by_opportunity ON quotes (opportunity_id);
-- Offers by their last day, to expire them.
CREATE INDEX quotes_by_validity ON quotes (state, valid_until_days, id);
-- A customer's quotes, for lists.
CREATE INDEX quotes_by_customer ON quotes (customer_id, id);

CREATE TABLE quotes_lines (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  line_number BIGINT,
  catalogue_item_id TEXT,
  product_id TEXT,
  sku TEXT,
  description TEXT,
  quantity_micros BIGINT,
  quantity_unit TEXT,
  unit_price_micros BIGINT,
  unit_price_currency TEXT,
  price_per_micros BIGINT,
  price_per_unit TEXT,
  price_source BIGINT,
  discount_micros BIGINT,
  net_micros BIGINT,
  net_currency TEXT,
  tax_class TEXT,
  requested_date_days BIGINT,
  PRIMARY KEY (parent, n),
  CHECK (quantity_micros > 0),
  CHECK (unit_price_micros >= 0),
  CHECK (discount_micros BETWEEN 0 AND 1000000)
);
