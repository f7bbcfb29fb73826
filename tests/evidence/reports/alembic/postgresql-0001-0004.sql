BEGIN;

-- Running upgrade 0001 -> 0002

ALTER TABLE orders DROP COLUMN note;

ALTER TABLE orders ALTER COLUMN courier SET NOT NULL;

ALTER TABLE orders ALTER COLUMN status TYPE INTEGER USING status::integer;

ALTER TABLE orders ADD COLUMN priority INTEGER NOT NULL;

ALTER TABLE orders ADD CONSTRAINT priority_not_negative CHECK (priority >= 0);

ALTER TABLE customers ADD COLUMN phone VARCHAR(40);

UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0001';

-- Running upgrade 0002 -> 0003b

ALTER TABLE customers RENAME TO people;

UPDATE alembic_version SET version_num='0003b' WHERE alembic_version.version_num = '0002';

-- Running upgrade 0002 -> 0003

COMMIT;

CREATE INDEX CONCURRENTLY orders_courier ON orders (courier);

BEGIN;

CREATE INDEX orders_status ON orders (status);

UPDATE orders SET priority = 1;

INSERT INTO customers (email) VALUES ('DROP TABLE orders; -- no');

INSERT INTO alembic_version (version_num) VALUES ('0003') RETURNING alembic_version.version_num;

-- Running upgrade 0003, 0003b -> 0004

DELETE FROM alembic_version WHERE alembic_version.version_num = '0003';

UPDATE alembic_version SET version_num='0004' WHERE alembic_version.version_num = '0003b';

COMMIT;

