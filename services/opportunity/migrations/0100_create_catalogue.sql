-- The CRM's copy of the products. A SKU names one item; one that is free again keeps its row.
CREATE TABLE catalogue_skus (
  sku TEXT PRIMARY KEY,
  catalogue_item_id TEXT,
  version BIGINT NOT NULL
);

CREATE TABLE catalogue_items (
  id TEXT PRIMARY KEY,
  product_id TEXT,
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
  competition TEXT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (sku <> ''),
  CHECK (base_unit <> ''),
  CHECK (list_price_amount_micros >= 0)
);

CREATE UNIQUE INDEX catalogue_items_by_sku ON catalogue_items (sku);

CREATE TABLE catalogue_items_names (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  key TEXT,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE catalogue_items_descriptions (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  key TEXT,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE catalogue_items_units (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  unit TEXT,
  numerator BIGINT,
  denominator BIGINT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE catalogue_items_attributes (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  key TEXT,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE catalogue_items_sales_texts (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  key TEXT,
  value TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE catalogue_items_pictures (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  uri TEXT,
  caption TEXT,
  PRIMARY KEY (parent, n)
);

CREATE TABLE catalogue_items_related_item_ids (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  value TEXT,
  PRIMARY KEY (parent, n)
);
