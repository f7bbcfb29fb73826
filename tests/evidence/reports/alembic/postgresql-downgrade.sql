BEGIN;

-- Running downgrade 0003 -> 0002

DROP INDEX orders_status;

DROP INDEX orders_courier;

UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0003';

-- Running downgrade 0002 -> 0001

ALTER TABLE orders ADD COLUMN note TEXT;

UPDATE alembic_version SET version_num='0001' WHERE alembic_version.version_num = '0002';

COMMIT;

