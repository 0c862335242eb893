-- The lines of addresses become a column of the row they belong to, a JSON array of texts: they are
-- never asked for one by one, and cost a row and an index entry each. Of control characters a line
-- may have line feeds and tabs.

ALTER TABLE orders ADD COLUMN ship_to_address_lines TEXT;
CREATE VIEW moved_lines AS SELECT parent, n,
  '"' || replace(replace(replace(replace(value, '\', '\\'), '"', '\"'), '
', '\n'), '	', '\t') || '"' AS line
  FROM orders_ship_to_address_lines;
UPDATE orders SET ship_to_address_lines = COALESCE((
  WITH RECURSIVE list (n, lines) AS (
    SELECT one.n, one.line FROM moved_lines one WHERE one.parent = orders.id AND one.n = 0
    UNION ALL
    SELECT more.n, list.lines || ',' || more.line
    FROM list JOIN moved_lines more ON more.parent = orders.id AND more.n = list.n + 1)
  SELECT '[' || list.lines || ']' FROM list ORDER BY list.n DESC LIMIT 1), '[]')
WHERE ship_to_address_present = 1;
DROP VIEW moved_lines;
DROP TABLE orders_ship_to_address_lines;

ALTER TABLE orders ADD COLUMN bill_to_address_lines TEXT;
CREATE VIEW moved_lines AS SELECT parent, n,
  '"' || replace(replace(replace(replace(value, '\', '\\'), '"', '\"'), '
', '\n'), '	', '\t') || '"' AS line
  FROM orders_bill_to_address_lines;
UPDATE orders SET bill_to_address_lines = COALESCE((
  WITH RECURSIVE list (n, lines) AS (
    SELECT one.n, one.line FROM moved_lines one WHERE one.parent = orders.id AND one.n = 0
    UNION ALL
    SELECT more.n, list.lines || ',' || more.line
    FROM list JOIN moved_lines more ON more.parent = orders.id AND more.n = list.n + 1)
  SELECT '[' || list.lines || ']' FROM list ORDER BY list.n DESC LIMIT 1), '[]')
WHERE bill_to_address_present = 1;
DROP VIEW moved_lines;
DROP TABLE orders_bill_to_address_lines;

ALTER TABLE customer_facts ADD COLUMN ship_to_address_lines TEXT;
CREATE VIEW moved_lines AS SELECT parent, n,
  '"' || replace(replace(replace(replace(value, '\', '\\'), '"', '\"'), '
', '\n'), '	', '\t') || '"' AS line
  FROM customer_facts_ship_to_address_lines;
UPDATE customer_facts SET ship_to_address_lines = COALESCE((
  WITH RECURSIVE list (n, lines) AS (
    SELECT one.n, one.line FROM moved_lines one WHERE one.parent = customer_facts.id AND one.n = 0
    UNION ALL
    SELECT more.n, list.lines || ',' || more.line
    FROM list JOIN moved_lines more ON more.parent = customer_facts.id AND more.n = list.n + 1)
  SELECT '[' || list.lines || ']' FROM list ORDER BY list.n DESC LIMIT 1), '[]')
WHERE ship_to_address_present = 1;
DROP VIEW moved_lines;
DROP TABLE customer_facts_ship_to_address_lines;

ALTER TABLE customer_facts ADD COLUMN bill_to_address_lines TEXT;
CREATE VIEW moved_lines AS SELECT parent, n,
  '"' || replace(replace(replace(replace(value, '\', '\\'), '"', '\"'), '
', '\n'), '	', '\t') || '"' AS line
  FROM customer_facts_bill_to_address_lines;
UPDATE customer_facts SET bill_to_address_lines = COALESCE((
  WITH RECURSIVE list (n, lines) AS (
    SELECT one.n, one.line FROM moved_lines one WHERE one.parent = customer_facts.id AND one.n = 0
    UNION ALL
    SELECT more.n, list.lines || ',' || more.line
    FROM list JOIN moved_lines more ON more.parent = customer_facts.id AND more.n = list.n + 1)
  SELECT '[' || list.lines || ']' FROM list ORDER BY list.n DESC LIMIT 1), '[]')
WHERE bill_to_address_present = 1;
DROP VIEW moved_lines;
DROP TABLE customer_facts_bill_to_address_lines;
