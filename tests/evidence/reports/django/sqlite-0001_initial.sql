BEGIN;
--
-- Create model Customer
--
CREATE TABLE "shop_customer" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "email" varchar(120) NOT NULL UNIQUE);
--
-- Create model Order
--
CREATE TABLE "shop_order" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "courier" varchar(80) NULL, "note" text NULL, "status" varchar(20) NOT NULL, "customer_id" bigint NOT NULL REFERENCES "shop_customer" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX "shop_order_customer_id_f638df20" ON "shop_order" ("customer_id");
COMMIT;
