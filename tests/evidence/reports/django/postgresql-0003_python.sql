BEGIN;
--
-- Raw Python operation
--
-- THIS OPERATION CANNOT BE WRITTEN AS SQL
--
-- Add field placed_by to order
--
ALTER TABLE "shop_order" ADD COLUMN "placed_by_id" bigint NULL CONSTRAINT "shop_order_placed_by_id_c7ec3366_fk_shop_customer_id" REFERENCES "shop_customer"("id") DEFERRABLE INITIALLY DEFERRED; SET CONSTRAINTS "shop_order_placed_by_id_c7ec3366_fk_shop_customer_id" IMMEDIATE;
--
-- Alter field priority on order
--
ALTER TABLE "shop_order" ALTER COLUMN "priority" TYPE bigint USING "priority"::bigint;
CREATE INDEX "shop_order_placed_by_id_c7ec3366" ON "shop_order" ("placed_by_id");
COMMIT;
