-- Event store. Debezium publishes its rows without idempotency_key and request_hash.
-- Names: up to 100 characters of any script. Ids and versions define the order; times are informational.
-- All identifiers are quoted: Debezium's parser has additional reserved words, such as url.
CREATE TABLE `user_event` (
    `user_id`         CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `version`         INT UNSIGNED NOT NULL,
    `event_id`        CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `type`            VARCHAR(32)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `first_name`      VARCHAR(100) CHARACTER SET utf8mb4 NULL,
    `last_name`       VARCHAR(100) CHARACTER SET utf8mb4 NULL,
    `created_at`      DATETIME(6)  NOT NULL,
    `occurred_at`     DATETIME(6)  NOT NULL,
    `idempotency_key` VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
    `request_hash`    CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NULL,
    `traceparent`     VARCHAR(55)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (`user_id`, `version`),
    UNIQUE KEY `event_id` (`event_id`),
    UNIQUE KEY `idempotency_key` (`idempotency_key`)
) ENGINE = InnoDB
