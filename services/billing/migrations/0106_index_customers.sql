-- A first load looks for each customer by its number; it changes hands between two, so it is not
-- unique here.
CREATE INDEX customers_by_number ON customers (customer_number);
