-- Statements of pt-online-schema-change: new table, three triggers, copy, swap, clean-up.
CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20), url VARCHAR(20));
INSERT INTO customers (name, url) VALUES ('a', 'x'), ('b', 'y');
SET SESSION innodb_lock_wait_timeout=1;
SET @@SQL_QUOTE_SHOW_CREATE = 1 /*!40101, @@SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ONLY_FULL_GROUP_BY' */;
CREATE TABLE `{db}`.`_customers_new` (
  `id` int NOT NULL AUTO_INCREMENT,
  `name` varchar(20) DEFAULT NULL,
  `url` varchar(20) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
ALTER TABLE `{db}`.`_customers_new` ADD COLUMN manual INT, MODIFY name VARCHAR(40);
CREATE TRIGGER `pt_osc_{db}_customers_del` AFTER DELETE ON `{db}`.`customers` FOR EACH ROW BEGIN DECLARE CONTINUE HANDLER FOR 1146 begin end; DELETE IGNORE FROM `{db}`.`_customers_new` WHERE `{db}`.`_customers_new`.`id` <=> OLD.`id`; END;
CREATE TRIGGER `pt_osc_{db}_customers_upd` AFTER UPDATE ON `{db}`.`customers` FOR EACH ROW BEGIN DECLARE CONTINUE HANDLER FOR 1146 begin end; DELETE IGNORE FROM `{db}`.`_customers_new` WHERE !(OLD.`id` <=> NEW.`id`) AND `{db}`.`_customers_new`.`id` <=> OLD.`id`; REPLACE INTO `{db}`.`_customers_new` (`id`, `name`, `url`) VALUES (NEW.`id`, NEW.`name`, NEW.`url`); END;
CREATE TRIGGER `pt_osc_{db}_customers_ins` AFTER INSERT ON `{db}`.`customers` FOR EACH ROW BEGIN DECLARE CONTINUE HANDLER FOR 1146 begin end; REPLACE INTO `{db}`.`_customers_new` (`id`, `name`, `url`) VALUES (NEW.`id`, NEW.`name`, NEW.`url`);END;
INSERT LOW_PRIORITY IGNORE INTO `{db}`.`_customers_new` (`id`, `name`, `url`) SELECT `id`, `name`, `url` FROM `{db}`.`customers` LOCK IN SHARE MODE /*pt-online-schema-change 4711 copy table*/;
INSERT INTO customers (name) VALUES ('c');
ANALYZE TABLE `{db}`.`_customers_new` /* pt-online-schema-change */;
RENAME TABLE `{db}`.`customers` TO `{db}`.`_customers_old`, `{db}`.`_customers_new` TO `{db}`.`customers`;
DROP TABLE IF EXISTS `{db}`.`_customers_old`;
DROP TRIGGER IF EXISTS `{db}`.`pt_osc_{db}_customers_del`;
DROP TRIGGER IF EXISTS `{db}`.`pt_osc_{db}_customers_upd`;
DROP TRIGGER IF EXISTS `{db}`.`pt_osc_{db}_customers_ins`;
