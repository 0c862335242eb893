-- A first load looks for each item by its product.
CREATE INDEX catalogue_items_by_product ON catalogue_items (product_id);
