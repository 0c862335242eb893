-- The part of a line's net whose goods came back. Of lines billed before it counts from 0.
ALTER TABLE invoices_lines ADD COLUMN returned_micros BIGINT;
ALTER TABLE invoices_lines ADD COLUMN returned_currency TEXT;
