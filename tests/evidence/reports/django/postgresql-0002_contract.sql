BEGIN;
--
-- Remove field note from order
--
ALTER TABLE "shop_order" DROP COLUMN "note" CASCADE;
--
-- Alter field courier on order
--
ALTER TABLE "shop_order" ALTER COLUMN "courier" SET DEFAULT '';
UPDATE "shop_order" SET "courier" = '' WHERE "courier" IS NULL; SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE "shop_order" ALTER COLUMN "courier" SET NOT NULL;
ALTER TABLE "shop_order" ALTER COLUMN "courier" DROP DEFAULT;
--
-- Add field priority to order
--
ALTER TABLE "shop_order" ADD COLUMN "priority" integer DEFAULT 0 NOT NULL;
ALTER TABLE "shop_order" ALTER COLUMN "priority" DROP DEFAULT;
--
-- Rename field status on order to state
--
ALTER TABLE "shop_order" RENAME COLUMN "status" TO "state";
--
-- Remove field customer from order
--
ALTER TABLE "shop_order" DROP COLUMN "customer_id" CASCADE;
--
-- Create constraint priority_not_negative on model order
--
ALTER TABLE "shop_order" ADD CONSTRAINT "priority_not_negative" CHECK ("priority" >= 0);
--
-- Create index order_state on field(s) state of model order
--
CREATE INDEX "order_state" ON "shop_order" ("state");
COMMIT;
