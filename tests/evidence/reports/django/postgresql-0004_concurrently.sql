--
-- Concurrently create index order_courier on field(s) courier of model order
--
CREATE INDEX CONCURRENTLY "order_courier" ON "shop_order" ("courier");
--
-- Raw SQL operation
--
UPDATE shop_order SET priority = 0;
