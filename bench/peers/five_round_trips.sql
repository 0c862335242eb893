-- pgbench: an order, two lines, one outbox row of 400 bytes; a transaction each, five round trips.
\set customer random(1, 1000)
\set product random(1, 1000)
\set amount random(1, 100000)
BEGIN;
INSERT INTO orders VALUES (nextval('order_ids'), :customer, 1, 16000, :amount, :amount, 'USD', repeat('x', 200));
INSERT INTO order_lines VALUES (currval('order_ids'), 1, :product, 5, :amount, :amount), (currval('order_ids'), 2, :product, 7, :amount, :amount);
INSERT INTO journal (aggregateid, version, type, payload) VALUES (currval('order_ids'), 1, 'OrderPlaced', decode(repeat('ab', 400), 'hex'));
END;
