BEGIN;
--
-- Raw Python operation
--
-- THIS OPERATION CANNOT BE WRITTEN AS SQL
--
-- Add field placed_by to order
--
ALTER TABLE "shop_order" ADD COLUMN "placed_by_id" bigint NULL REFERENCES "shop_customer" ("id") DEFERRABLE INITIALLY DEFERRED;
--
-- Alter field priority on order
--
CREATE TABLE "new__shop_order" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "courier" varchar(80) NOT NULL, "state" varchar(20) NOT NULL, "placed_by_id" bigint NULL REFERENCES "shop_customer" ("id") DEFERRABLE INITIALLY DEFERRED, "priority" bigint NOT NULL, CONSTRAINT "priority_not_negative" CHECK ("priority" >= 0));
INSERT INTO "new__shop_order" ("id", "courier", "state", "placed_by_id", "priority") SELECT "id", "courier", "state", "placed_by_id", "priority" FROM "shop_order";
DROP TABLE "shop_order";
ALTER TABLE "new__shop_order" RENAME TO "shop_order";
CREATE INDEX "shop_order_placed_by_id_c7ec3366" ON "shop_order" ("placed_by_id");
CREATE INDEX "order_state" ON "shop_order" ("state");
COMMIT;
