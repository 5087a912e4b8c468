-- Statements of gh-ost for a table: its changelog, its ghost, the copy, and the atomic rename.
CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, url VARCHAR(20), total INT);
INSERT INTO orders (url, total) VALUES ('a', 1), ('b', 2);
drop /* gh-ost */ table if exists `{db}`.`_orders_gho`;
drop /* gh-ost */ table if exists `{db}`.`_orders_del`;
drop /* gh-ost */ table if exists `{db}`.`_orders_ghc`;
create /* gh-ost */ table `{db}`.`_orders_ghc` (
			id bigint unsigned auto_increment,
			last_update timestamp not null DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
			hint varchar(64) charset ascii not null,
			value varchar(4096) charset ascii not null,
			primary key(id),
			unique key hint_uidx(hint)
		) auto_increment=256 comment='gh-ost';
create /* gh-ost */ table `{db}`.`_orders_gho` like `{db}`.`orders`;
alter /* gh-ost */ table `{db}`.`_orders_gho` ADD COLUMN manual INT NOT NULL DEFAULT 0, ADD INDEX (total);
alter /* gh-ost */ table `{db}`.`_orders_gho` AUTO_INCREMENT=3;
insert /* gh-ost */ into `{db}`.`_orders_ghc` (id, hint, value) values (NULLIF(1, 0), 'state', 'GhostTableMigrated') on duplicate key update last_update=NOW(), value=VALUES(value);
insert /* gh-ost `{db}`.`orders` */ ignore into `{db}`.`_orders_gho` (`id`, `url`, `total`) (select `id`, `url`, `total` from `{db}`.`orders` force index (`PRIMARY`) where (((`id` >= _binary'1')) and ((`id` <= _binary'2'))) lock in share mode);
replace /* gh-ost `{db}`.`_orders_gho` */ into `{db}`.`_orders_gho` (`id`, `url`, `total`) values (3, 'c', 3);
create /* gh-ost */ table `{db}`.`_orders_del` (id int auto_increment primary key) engine=InnoDB comment='ghost-cut-over-sentry';
lock /* gh-ost */ tables `{db}`.`orders` write, `{db}`.`_orders_del` write;
drop /* gh-ost */ table if exists `{db}`.`_orders_del`;
unlock /* gh-ost */ tables;
rename /* gh-ost */ table `{db}`.`orders` to `{db}`.`_orders_del`, `{db}`.`_orders_gho` to `{db}`.`orders`;
drop /* gh-ost */ table if exists `{db}`.`_orders_ghc`;
drop /* gh-ost */ table if exists `{db}`.`_orders_del`;
