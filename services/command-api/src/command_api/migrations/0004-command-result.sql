-- depends: 0003-auditor
-- First result of an idempotency key that has no event of its own: a rejection, or an existing event.
-- It has no names, only a reference to the event. Debezium does not capture this table.
CREATE TABLE command_result (
    id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    idempotency_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    request_hash    CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id         CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NULL,
    version         INT UNSIGNED NULL,
    refusal         TEXT         CHARACTER SET utf8mb4 NULL,
    recorded_at     DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (id),
    UNIQUE KEY idempotency_key (idempotency_key),
    KEY user_id (user_id),
    KEY recorded_at (recorded_at)
) ENGINE = InnoDB
