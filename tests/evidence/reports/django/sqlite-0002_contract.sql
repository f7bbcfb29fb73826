BEGIN;
--
-- Remove field note from order
--
ALTER TABLE "shop_order" DROP COLUMN "note";
--
-- Alter field courier on order
--
CREATE TABLE "new__shop_order" ("courier" varchar(80) NOT NULL, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "status" varchar(20) NOT NULL, "customer_id" bigint NOT NULL REFERENCES "shop_customer" ("id") DEFERRABLE INITIALLY DEFERRED);
INSERT INTO "new__shop_order" ("id", "status", "customer_id", "courier") SELECT "id", "status", "customer_id", coalesce("courier", '') FROM "shop_order";
DROP TABLE "shop_order";
ALTER TABLE "new__shop_order" RENAME TO "shop_order";
CREATE INDEX "shop_order_customer_id_f638df20" ON "shop_order" ("customer_id");
--
-- Add field priority to order
--
CREATE TABLE "new__shop_order" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "courier" varchar(80) NOT NULL, "status" varchar(20) NOT NULL, "customer_id" bigint NOT NULL REFERENCES "shop_customer" ("id") DEFERRABLE INITIALLY DEFERRED, "priority" integer NOT NULL);
INSERT INTO "new__shop_order" ("id", "courier", "status", "customer_id", "priority") SELECT "id", "courier", "status", "customer_id", 0 FROM "shop_order";
DROP TABLE "shop_order";
ALTER TABLE "new__shop_order" RENAME TO "shop_order";
CREATE INDEX "shop_order_customer_id_f638df20" ON "shop_order" ("customer_id");
--
-- Rename field status on order to state
--
ALTER TABLE "shop_order" RENAME COLUMN "status" TO "state";
--
-- Remove field customer from order
--
CREATE TABLE "new__shop_order" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "courier" varchar(80) NOT NULL, "priority" integer NOT NULL, "state" varchar(20) NOT NULL);
INSERT INTO "new__shop_order" ("id", "courier", "priority", "state") SELECT "id", "courier", "priority", "state" FROM "shop_order";
DROP TABLE "shop_order";
ALTER TABLE "new__shop_order" RENAME TO "shop_order";
--
-- Create constraint priority_not_negative on model order
--
CREATE TABLE "new__shop_order" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "courier" varchar(80) NOT NULL, "priority" integer NOT NULL, "state" varchar(20) NOT NULL, CONSTRAINT "priority_not_negative" CHECK ("priority" >= 0));
INSERT INTO "new__shop_order" ("id", "courier", "priority", "state") SELECT "id", "courier", "priority", "state" FROM "shop_order";
DROP TABLE "shop_order";
ALTER TABLE "new__shop_order" RENAME TO "shop_order";
--
-- Create index order_state on field(s) state of model order
--
CREATE INDEX "order_state" ON "shop_order" ("state");
COMMIT;
