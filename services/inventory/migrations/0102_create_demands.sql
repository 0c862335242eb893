-- What orders want of the warehouse: one demand an order, one row an order line. The rows are the
-- master demand schedule and the backorder queue in one.
CREATE TABLE demands (
  order_id TEXT PRIMARY KEY,
  order_number TEXT,
  revision BIGINT,
  reserve_revision BIGINT,
  state BIGINT,
  held BIGINT,
  order_version BIGINT,
  priority BIGINT,
  sequence BIGINT,
  delivery_policy BIGINT,
  backorder_policy BIGINT,
  out_of_stock BIGINT,
  customer_id TEXT,
  ship_to_name TEXT,
  ship_to_address BYTEA,
  warehouse TEXT,
  shipment_ids BYTEA,
  outcome BIGINT,
  released BIGINT,
  create_time_micros BIGINT,
  update_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (state BETWEEN 1 AND 4)
);

CREATE TABLE demands_lines (
  parent TEXT NOT NULL,
  n BIGINT NOT NULL,
  line_number BIGINT,
  product_id TEXT,
  warehouse TEXT,
  ordered_micros BIGINT,
  ordered_unit TEXT,
  open_micros BIGINT,
  open_unit TEXT,
  reserved_micros BIGINT,
  reserved_unit TEXT,
  backordered_micros BIGINT,
  backordered_unit TEXT,
  allocated_micros BIGINT,
  allocated_unit TEXT,
  shipped_micros BIGINT,
  shipped_unit TEXT,
  returned_micros BIGINT,
  returned_unit TEXT,
  released_micros BIGINT,
  released_unit TEXT,
  requested_date_days BIGINT,
  week TEXT,
  promised_date_days BIGINT,
  unstocked BIGINT,
  unplaceable BIGINT,
  PRIMARY KEY (parent, n),
  CHECK (ordered_micros = open_micros + shipped_micros + released_micros),
  CHECK (open_micros >= 0 AND reserved_micros >= 0 AND backordered_micros >= 0),
  CHECK (reserved_micros + backordered_micros <= open_micros),
  CHECK (allocated_micros >= 0 AND allocated_micros <= reserved_micros),
  CHECK (shipped_micros >= 0 AND released_micros >= 0),
  CHECK (returned_micros >= 0 AND returned_micros <= shipped_micros)
);

-- One row an order line.
CREATE UNIQUE INDEX demands_lines_by_line ON demands_lines (parent, line_number);

-- The schedule, and what a product's open lines are.
CREATE INDEX demands_lines_open ON demands_lines (product_id, warehouse, week)
  WHERE open_micros > 0;

-- The queue of a product.
CREATE INDEX demands_lines_waiting ON demands_lines (product_id) WHERE backordered_micros > 0;
