-- Running upgrade 0001 -> 0002

CREATE TABLE _alembic_tmp_orders (
    id INTEGER NOT NULL, 
    courier VARCHAR(80) NOT NULL, 
    status INTEGER NOT NULL, 
    placed_at DATETIME, 
    priority INTEGER NOT NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT priority_not_negative CHECK (priority >= 0)
);

INSERT INTO _alembic_tmp_orders (id, courier, status, placed_at) SELECT orders.id, orders.courier, CAST(orders.status AS INTEGER) AS status, orders.placed_at 
FROM orders;

DROP TABLE orders;

ALTER TABLE _alembic_tmp_orders RENAME TO orders;

ALTER TABLE customers ADD COLUMN phone VARCHAR(40);

UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0001';

-- Running upgrade 0002 -> 0003

CREATE INDEX orders_courier ON orders (courier);

CREATE INDEX orders_status ON orders (status);

UPDATE orders SET priority = 1;

INSERT INTO customers (email) VALUES ('DROP TABLE orders; -- no');

UPDATE alembic_version SET version_num='0003' WHERE alembic_version.version_num = '0002';

