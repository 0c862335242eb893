-- The rows of one accepted order, as a plain program would write them.
CREATE SEQUENCE order_ids;
CREATE TABLE orders (id BIGINT PRIMARY KEY, customer TEXT, state BIGINT, day BIGINT, net BIGINT,
                     gross BIGINT, currency TEXT, payload TEXT);
CREATE TABLE order_lines (parent BIGINT, n BIGINT, product TEXT, quantity BIGINT, price BIGINT,
                          net BIGINT, PRIMARY KEY (parent, n));
CREATE TABLE journal (position BIGSERIAL PRIMARY KEY, aggregateid TEXT, version BIGINT, type TEXT,
                      payload BYTEA, UNIQUE (aggregateid, version));
