-- The product master.
CREATE TABLE products (
  id TEXT PRIMARY KEY,
  sku TEXT,
  kind BIGINT,
  tax_class TEXT,
  category TEXT,
  weight_micros BIGINT,
  weight_unit TEXT,
  volume_micros BIGINT,
  volume_unit TEXT,
  origin_country_code TEXT,
  customs_code TEXT,
  base_unit TEXT,
  sales_unit TEXT,
  order_multiple_micros BIGINT,
  order_minimum_micros BIGINT,
  gtin TEXT,
  list_price_present BIGINT,
  list_price_amount_micros BIGINT,
  list_price_amount_currency TEXT,
  list_price_per_micros BIGINT,
  list_price_per_unit TEXT,
  variant_of TEXT,
  state BIGINT,
  replaced_by TEXT,
  offered_present BIGINT,
  offered_on BIGINT,
  offered_from_days BIGINT,
  offered_to_days BIGINT,
  standard_cost_micros BIGINT,
  standard_cost_currency TEXT,
  safety_stock_micros BIGINT,
  safety_stock_unit TEXT,
  reorder_point_micros BIGINT,
  reorder_point_unit TEXT,
  lead_time_days BIGINT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (sku <> '' AND base_unit <> '' AND state BETWEEN 1 AND 3)
);

CREATE UNIQUE INDEX products_by_sku ON products (sku);

CREATE TABLE products_names (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  key TEXT,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE products_descriptions (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  key TEXT,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE products_units (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  unit TEXT,
  numerator BIGINT,
  denominator BIGINT,
  PRIMARY KEY (parent, n),
  CHECK (numerator > 0 AND denominator > 0)
);

CREATE TABLE products_attributes (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  key TEXT,
  value TEXT,
  PRIMARY KEY (parent, n)
);

-- Which product has a SKU: what a command looks up before it takes one.
CREATE TABLE product_skus (
  sku TEXT PRIMARY KEY,
  product_id TEXT,
  version BIGINT NOT NULL
);
