BEGIN;

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, 
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> 0001

CREATE TABLE customers (
    id SERIAL NOT NULL, 
    email VARCHAR(120) NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE orders (
    id SERIAL NOT NULL, 
    courier VARCHAR(80), 
    note TEXT, 
    status VARCHAR(20) NOT NULL, 
    placed_at TIMESTAMP WITH TIME ZONE, 
    PRIMARY KEY (id)
);

INSERT INTO alembic_version (version_num) VALUES ('0001') RETURNING alembic_version.version_num;

COMMIT;

