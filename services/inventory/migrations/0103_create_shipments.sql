-- Goods on their way out and back.
CREATE TABLE shipments (
  id TEXT PRIMARY KEY,
  number TEXT,
  order_id TEXT,
  order_number TEXT,
  customer_id TEXT,
  warehouse TEXT,
  ship_to_name TEXT,
  ship_to_address BYTEA,
  state BIGINT,
  ship_date_days BIGINT,
  carrier TEXT,
  tracking_number TEXT,
  freight_cost_micros BIGINT,
  freight_cost_currency TEXT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (state BETWEEN 1 AND 7)
);

CREATE UNIQUE INDEX shipments_by_number ON shipments (number);

-- The shipments of an order.
CREATE INDEX shipments_by_order ON shipments (order_id);

CREATE TABLE shipments_lines (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  line_number BIGINT,
  product_id TEXT,
  quantity_micros BIGINT,
  quantity_unit TEXT,
  picked_micros BIGINT,
  picked_unit TEXT,
  shipped_micros BIGINT,
  shipped_unit TEXT,
  returned_micros BIGINT,
  returned_unit TEXT,
  unstocked BIGINT,
  PRIMARY KEY (parent, n),
  CHECK (quantity_micros > 0),
  CHECK (picked_micros >= 0 AND picked_micros <= quantity_micros),
  CHECK (shipped_micros >= 0 AND shipped_micros <= picked_micros),
  CHECK (returned_micros >= 0 AND returned_micros <= shipped_micros)
);

-- One row a return; its id is the natural key that makes a repeated one harmless.
CREATE TABLE shipment_returns (
  id TEXT PRIMARY KEY,
  shipment_id TEXT,
  order_id TEXT,
  return_date_days BIGINT,
  version BIGINT NOT NULL
);

-- The returns of a shipment.
CREATE INDEX shipment_returns_by_shipment ON shipment_returns (shipment_id);

CREATE TABLE shipment_returns_lines (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  line_number BIGINT,
  quantity_micros BIGINT,
  quantity_unit TEXT,
  disposition BIGINT,
  PRIMARY KEY (parent, n),
  CHECK (quantity_micros > 0)
);
