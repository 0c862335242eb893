-- pgbench: the same rows written by one statement, in one round trip.
\set customer random(1, 1000)
\set product random(1, 1000)
\set amount random(1, 100000)
WITH placed AS (
  INSERT INTO orders VALUES (nextval('order_ids'), :customer, 1, 16000, :amount, :amount, 'USD', repeat('x', 200))
  RETURNING id
), lines AS (
  INSERT INTO order_lines SELECT id, n, :product, 5, :amount, :amount FROM placed, (VALUES (1), (2)) l (n)
)
INSERT INTO journal (aggregateid, version, type, payload)
SELECT id, 1, 'OrderPlaced', decode(repeat('ab', 400), 'hex') FROM placed;
