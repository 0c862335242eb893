-- What is known of the masters: read from the events of inventory and billing.
CREATE TABLE account_facts (
  id TEXT PRIMARY KEY,
  customer_id TEXT,
  currency TEXT,
  blocked BIGINT,
  block_reason TEXT,
  block_version BIGINT,
  closed BIGINT,
  source_version BIGINT,
  version BIGINT NOT NULL
);

CREATE TABLE customer_facts (
  id TEXT PRIMARY KEY,
  known BIGINT,
  customer_number TEXT,
  display_name TEXT,
  legal_name TEXT,
  blocked BIGINT,
  block_reason TEXT,
  ship_to_address_present BIGINT,
  ship_to_address_city TEXT,
  ship_to_address_region TEXT,
  ship_to_address_postal_code TEXT,
  ship_to_address_country_code TEXT,
  bill_to_address_present BIGINT,
  bill_to_address_city TEXT,
  bill_to_address_region TEXT,
  bill_to_address_postal_code TEXT,
  bill_to_address_country_code TEXT,
  tax_id TEXT,
  tax_status TEXT,
  delivery_policy BIGINT,
  account_id TEXT,
  source_version BIGINT,
  version BIGINT NOT NULL
);

CREATE TABLE customer_facts_ship_to_address_lines (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE customer_facts_bill_to_address_lines (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE product_facts (
  id TEXT PRIMARY KEY,
  sku TEXT,
  name TEXT,
  state BIGINT,
  base_unit TEXT,
  list_price_micros BIGINT,
  list_price_currency TEXT,
  list_price_per_micros BIGINT,
  list_price_per_unit TEXT,
  tax_class TEXT,
  kind TEXT,
  source_version BIGINT,
  version BIGINT NOT NULL
);

CREATE TABLE product_facts_units (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  unit TEXT,
  numerator BIGINT,
  denominator BIGINT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE tax_rate_facts (
  tax_class TEXT PRIMARY KEY,
  tax_code TEXT,
  rate_micros BIGINT,
  source_version BIGINT,
  version BIGINT NOT NULL
);

-- One order per accepted quote: the key of the natural key.
CREATE TABLE quote_orders (
  id TEXT PRIMARY KEY,
  order_id TEXT NOT NULL,
  version BIGINT NOT NULL
);

-- Sales orders. Quantities of lines are in millionths of the product's base unit, amounts in
-- millionths of the currency unit, dates in days since 1970, enums by the numbers of order.proto.
CREATE TABLE orders (
  id TEXT PRIMARY KEY,
  order_number TEXT NOT NULL,
  revision BIGINT NOT NULL,
  state BIGINT NOT NULL,
  credit_status BIGINT,
  fulfilment_status BIGINT,
  billing_status BIGINT,
  cancel_requested BIGINT,
  cancel_reason BIGINT,
  cancel_note TEXT,
  sold_to_customer_id TEXT,
  sold_to_customer_number TEXT,
  sold_to_name TEXT,
  ship_to_present BIGINT,
  ship_to_name TEXT,
  ship_to_address_present BIGINT,
  ship_to_address_city TEXT,
  ship_to_address_region TEXT,
  ship_to_address_postal_code TEXT,
  ship_to_address_country_code TEXT,
  bill_to_present BIGINT,
  bill_to_customer_id TEXT,
  bill_to_name TEXT,
  bill_to_address_present BIGINT,
  bill_to_address_city TEXT,
  bill_to_address_region TEXT,
  bill_to_address_postal_code TEXT,
  bill_to_address_country_code TEXT,
  bill_to_tax_id TEXT,
  payer_account_id TEXT NOT NULL,
  payer_customer_id TEXT NOT NULL,
  order_date_days BIGINT,
  requested_date_days BIGINT,
  price_date_days BIGINT,
  currency TEXT,
  delivery_policy BIGINT,
  backorder_policy BIGINT,
  priority BIGINT,
  customer_reference TEXT,
  quote_id TEXT NOT NULL,
  quote_version BIGINT,
  freight_present BIGINT,
  freight_line_number BIGINT,
  freight_net_micros BIGINT,
  freight_net_currency TEXT,
  freight_tax_class TEXT,
  freight_description TEXT,
  freight_tax_code TEXT,
  freight_tax_rate_micros BIGINT,
  freight_billed_net_micros BIGINT,
  freight_billed_net_currency TEXT,
  freight_invoiced_net_micros BIGINT,
  freight_invoiced_net_currency TEXT,
  freight_credited_net_micros BIGINT,
  freight_credited_net_currency TEXT,
  net_total_micros BIGINT NOT NULL,
  net_total_currency TEXT,
  tax_total_micros BIGINT NOT NULL,
  tax_total_currency TEXT,
  gross_total_micros BIGINT NOT NULL,
  gross_total_currency TEXT,
  shipment_lines BYTEA,
  returns BYTEA,
  credit_notes BYTEA,
  commitment_version BIGINT,
  demand_version BIGINT,
  last_billed BIGINT,
  note TEXT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CONSTRAINT orders_revision CHECK (revision >= 1),
  CONSTRAINT orders_state CHECK (state BETWEEN 1 AND 4),
  CONSTRAINT orders_gross CHECK (gross_total_micros = net_total_micros + tax_total_micros)
);
-- People look orders up by number, and quotes by their one order.
CREATE UNIQUE INDEX orders_number ON orders (order_number);
CREATE UNIQUE INDEX orders_quote ON orders (quote_id, quote_version) WHERE quote_id <> '';
-- A customer's orders, newest first.
CREATE INDEX orders_sold_to ON orders (sold_to_customer_id, id);
-- The open orders of a debtor account, or of a payer without one, when it is blocked.
CREATE INDEX orders_open_account ON orders (payer_account_id, id) WHERE state IN (1, 2);
CREATE INDEX orders_open_payer ON orders (payer_customer_id, id)
  WHERE state IN (1, 2) AND payer_account_id = '';

CREATE TABLE orders_ship_to_address_lines (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE orders_bill_to_address_lines (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE orders_lines (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  line_number BIGINT NOT NULL,
  product_id TEXT NOT NULL,
  sku TEXT,
  description TEXT,
  quantity_micros BIGINT,
  quantity_unit TEXT,
  ordered_micros BIGINT NOT NULL,
  ordered_unit TEXT,
  unit_price_micros BIGINT,
  unit_price_currency TEXT,
  price_per_micros BIGINT,
  price_per_unit TEXT,
  price_source BIGINT,
  discount_micros BIGINT,
  net_micros BIGINT,
  net_currency TEXT,
  ordered_net_micros BIGINT,
  ordered_net_currency TEXT,
  tax_class TEXT,
  tax_code TEXT,
  tax_rate_micros BIGINT,
  requested_date_days BIGINT,
  promised_date_days BIGINT,
  cancelled_micros BIGINT NOT NULL,
  cancelled_unit TEXT,
  reserved_micros BIGINT NOT NULL,
  reserved_unit TEXT,
  backordered_micros BIGINT NOT NULL,
  backordered_unit TEXT,
  shipped_micros BIGINT NOT NULL,
  shipped_unit TEXT,
  invoiced_micros BIGINT NOT NULL,
  invoiced_unit TEXT,
  credited_micros BIGINT NOT NULL,
  credited_unit TEXT,
  returned_micros BIGINT NOT NULL,
  returned_unit TEXT,
  billed_net_micros BIGINT,
  billed_net_currency TEXT,
  invoiced_net_micros BIGINT,
  invoiced_net_currency TEXT,
  credited_net_micros BIGINT,
  credited_net_currency TEXT,
  PRIMARY KEY (parent, n),
  CONSTRAINT orders_lines_ordered CHECK (ordered_micros > 0 AND cancelled_micros >= 0),
  CONSTRAINT orders_lines_shipped CHECK (shipped_micros >= 0 AND
    cancelled_micros + shipped_micros <= ordered_micros),
  CONSTRAINT orders_lines_reserved CHECK (reserved_micros >= 0 AND backordered_micros >= 0 AND
    reserved_micros + backordered_micros <= ordered_micros - cancelled_micros - shipped_micros),
  CONSTRAINT orders_lines_returned CHECK (returned_micros BETWEEN 0 AND shipped_micros),
  CONSTRAINT orders_lines_invoiced CHECK (invoiced_micros BETWEEN 0 AND shipped_micros),
  CONSTRAINT orders_lines_credited CHECK (credited_micros BETWEEN 0 AND shipped_micros)
);

CREATE TABLE orders_holds (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  reason BIGINT NOT NULL,
  line_number BIGINT NOT NULL,
  actor TEXT,
  note TEXT,
  hold_time_micros BIGINT,
  credit_reason TEXT,
  limit_micros BIGINT,
  limit_currency TEXT,
  exposure_micros BIGINT,
  exposure_currency TEXT,
  requested_micros BIGINT,
  requested_currency TEXT,
  shortfall_micros BIGINT,
  shortfall_currency TEXT,
  PRIMARY KEY (parent, n)
);
-- The orders that wait for a fact, and the list of what is held.
CREATE INDEX orders_holds_reason ON orders_holds (reason, parent);

CREATE TABLE orders_shipments (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  shipment_id TEXT,
  shipment_number TEXT,
  ship_date_days BIGINT,
  shipment_version BIGINT,
  last BIGINT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE orders_invoices (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  invoice_id TEXT,
  invoice_number TEXT,
  shipment_id TEXT,
  invoice_date_days BIGINT,
  net_micros BIGINT,
  net_currency TEXT,
  total_micros BIGINT,
  total_currency TEXT,
  open_amount_micros BIGINT,
  open_amount_currency TEXT,
  invoice_version BIGINT,
  PRIMARY KEY (parent, n)
);
