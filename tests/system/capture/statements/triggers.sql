-- Triggers (CREATE TRIGGER, DROP TRIGGER).
CREATE TABLE g_table (id INT PRIMARY KEY, n INT, url VARCHAR(20));
CREATE TABLE g_log (at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, what TEXT);
CREATE TRIGGER g_before BEFORE INSERT ON g_table FOR EACH ROW SET NEW.n = IFNULL(NEW.n, 0) + 1;
CREATE TRIGGER g_after AFTER UPDATE ON g_table FOR EACH ROW INSERT INTO g_log (what) VALUES (CONCAT(OLD.url, ' -> ', NEW.url));
CREATE DEFINER = `root`@`localhost` TRIGGER g_delete AFTER DELETE ON g_table FOR EACH ROW DELETE FROM g_log WHERE what = OLD.url;
CREATE TRIGGER IF NOT EXISTS g_second BEFORE INSERT ON g_table FOR EACH ROW FOLLOWS g_before SET NEW.url = LOWER(NEW.url);
CREATE TRIGGER g_first BEFORE INSERT ON g_table FOR EACH ROW PRECEDES g_before SET @seen = 1;
DELIMITER //
CREATE TRIGGER g_block BEFORE UPDATE ON g_table FOR EACH ROW
BEGIN
  DECLARE old_n INT DEFAULT OLD.n;
  IF NEW.n < old_n THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'n never goes down; see the manual';
  END IF;
  SET NEW.url = CASE WHEN NEW.url = '' THEN NULL ELSE TRIM(NEW.url) END;
END //
CREATE TRIGGER {db}.`g with blanks` AFTER INSERT ON {db}.g_table FOR EACH ROW
BEGIN
  INSERT IGNORE INTO g_log SET what = JSON_OBJECT('id', NEW.id);
  UPDATE g_log, g_table SET g_log.what = g_table.url WHERE g_log.what = g_table.n;
  DELETE l FROM g_log AS l JOIN g_table AS t ON l.what = t.url WHERE t.id = -1;
END //
DELIMITER ;
DROP TRIGGER IF EXISTS g_nowhere;
DROP TRIGGER g_second;
DROP TRIGGER {db}.g_delete;
-- refused: 1359
CREATE TRIGGER g_before AFTER INSERT ON g_table FOR EACH ROW SET @x = 1;
