-- pgbench: one outbox row of 400 bytes, as Debezium's outbox event router reads it.
INSERT INTO outbox VALUES (gen_random_uuid(), 'order', nextval('order_ids')::text, 'OrderPlaced', decode(repeat('ab', 400), 'hex'));
