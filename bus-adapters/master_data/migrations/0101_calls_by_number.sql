-- A call is named by its number, too: a new one has a key that was never used.
UPDATE calls_under_way SET id = id || '|' || number;
