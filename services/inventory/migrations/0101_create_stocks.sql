-- What there is by product and warehouse, and the moves it is the sum of.
CREATE TABLE stocks (
  id TEXT PRIMARY KEY,
  product_id TEXT,
  warehouse TEXT,
  on_hand_micros BIGINT,
  on_hand_unit TEXT,
  blocked_micros BIGINT,
  blocked_unit TEXT,
  reserved_micros BIGINT,
  reserved_unit TEXT,
  available_micros BIGINT,
  available_unit TEXT,
  backordered_micros BIGINT,
  backordered_unit TEXT,
  allocated_micros BIGINT,
  allocated_unit TEXT,
  move_count BIGINT,
  create_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (on_hand_micros >= 0),
  CHECK (blocked_micros >= 0 AND reserved_micros >= 0 AND available_micros >= 0),
  CHECK (available_micros = on_hand_micros - blocked_micros - reserved_micros),
  CHECK (backordered_micros >= 0),
  CHECK (allocated_micros >= 0 AND allocated_micros <= reserved_micros)
);

-- A product in all its warehouses.
CREATE INDEX stocks_by_product ON stocks (product_id);

CREATE TABLE stock_moves (
  id TEXT PRIMARY KEY,
  product_id TEXT,
  warehouse TEXT,
  kind BIGINT,
  delta_micros BIGINT,
  delta_unit TEXT,
  blocked_delta_micros BIGINT,
  blocked_delta_unit TEXT,
  on_hand_after_micros BIGINT,
  on_hand_after_unit TEXT,
  number BIGINT,
  reason TEXT,
  reference TEXT,
  order_id TEXT,
  create_time_micros BIGINT,
  version BIGINT NOT NULL,
  CHECK (on_hand_after_micros >= 0 AND number > 0)
);

-- The ledger of one stock; no two moves share a number.
CREATE UNIQUE INDEX stock_moves_by_stock ON stock_moves (product_id, warehouse, number);
