-- The database and its users. Run as root by `platform-setup mysql-users`, repeatedly:
-- a changed password takes effect. Each ${…} is replaced by a quoted string.

CREATE DATABASE IF NOT EXISTS users CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci;

-- Debezium reads the binary log and, for a snapshot, the tables of this database. It writes nothing.
-- REVOKE removes privileges on all databases that earlier versions granted.
CREATE USER IF NOT EXISTS 'debezium'@'%' IDENTIFIED BY ${debezium_password};
ALTER USER 'debezium'@'%' IDENTIFIED BY ${debezium_password};
GRANT RELOAD, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'debezium'@'%';
REVOKE SELECT ON *.* FROM 'debezium'@'%';
GRANT SELECT ON users.* TO 'debezium'@'%';

-- The migrator owns the schema. It has the grant option, because command-api's first migration
-- grants command_api its privileges on the table, which does not exist yet.
CREATE USER IF NOT EXISTS 'migrator'@'%' IDENTIFIED BY ${migrator_password};
ALTER USER 'migrator'@'%' IDENTIFIED BY ${migrator_password};
GRANT CREATE, ALTER, DROP, INDEX, REFERENCES, SELECT, INSERT, UPDATE, DELETE ON users.*
    TO 'migrator'@'%' WITH GRANT OPTION;

-- command-api's migration grants SELECT, INSERT and DELETE on its table; nothing here.
CREATE USER IF NOT EXISTS 'command_api'@'%' IDENTIFIED BY ${command_api_password};
ALTER USER 'command_api'@'%' IDENTIFIED BY ${command_api_password};

-- view-verifier compares the event store with the views. command-api's migration grants SELECT on
-- its table; nothing here.
CREATE USER IF NOT EXISTS 'auditor'@'%' IDENTIFIED BY ${auditor_password};
ALTER USER 'auditor'@'%' IDENTIFIED BY ${auditor_password};
