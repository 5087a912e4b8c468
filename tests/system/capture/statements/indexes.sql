-- Keys and constraints, in a table and beside it (CREATE INDEX, DROP INDEX, FOREIGN KEY Constraints).
CREATE TABLE i_all (id INT, a INT, b VARCHAR(99), c TEXT, d JSON, PRIMARY KEY (id), UNIQUE (a), INDEX (b), KEY named (a, b), INDEX prefix (c(10)), UNIQUE INDEX u (a, id));
CREATE TABLE i_descending (a INT, b INT, INDEX (a DESC, b ASC), PRIMARY KEY (a DESC));
CREATE TABLE i_functional (a INT, b VARCHAR(20), INDEX ((a + 1)), INDEX f ((LOWER(b)), (ABS(a)) DESC, a), UNIQUE ((CRC32(b))));
CREATE TABLE i_functional_only (a DATETIME, INDEX by_month ((MONTH(a))), INDEX by_day ((CAST(a AS DATE))));
CREATE TABLE i_multi_valued (a JSON, INDEX zips ((CAST(a->'$.zip' AS UNSIGNED ARRAY))), INDEX names ((CAST(a->'$.names' AS CHAR(20) ARRAY))));
CREATE TABLE i_fulltext (a TEXT, b VARCHAR(99), FULLTEXT (a), FULLTEXT KEY both_texts (a, b) WITH PARSER ngram, FULLTEXT INDEX (b) COMMENT 'f');
CREATE TABLE i_spatial (a POINT NOT NULL SRID 0, SPATIAL INDEX (a), SPATIAL KEY named_spatial (a));
CREATE TABLE i_invisible (a INT, b INT, INDEX (a) INVISIBLE, INDEX v (b) VISIBLE COMMENT 'seen');
CREATE TABLE i_options (a INT, b INT, INDEX x (a) USING BTREE KEY_BLOCK_SIZE = 4 COMMENT 'it''s', INDEX USING BTREE (b));
-- refused: 3981
CREATE TABLE i_attributes (a INT, INDEX x (a) ENGINE_ATTRIBUTE = '' SECONDARY_ENGINE_ATTRIBUTE = '');
CREATE TABLE i_constraint_names (a INT, b INT, CONSTRAINT PRIMARY KEY (a), CONSTRAINT uq UNIQUE KEY (b), CONSTRAINT UNIQUE INDEX second_key (a, b));
CREATE TABLE i_parent (id INT PRIMARY KEY, b INT, UNIQUE (id, b));
CREATE TABLE i_child (a INT, b INT, CONSTRAINT fk FOREIGN KEY (a) REFERENCES i_parent (id) ON DELETE CASCADE ON UPDATE RESTRICT, FOREIGN KEY by_name (a, b) REFERENCES i_parent (id, b) ON DELETE SET NULL);
CREATE TABLE i_child_more (a INT, FOREIGN KEY (a) REFERENCES i_parent (id) ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT FOREIGN KEY second_name (a) REFERENCES i_parent (id) MATCH SIMPLE);
CREATE TABLE i_self (id INT PRIMARY KEY, parent INT, CONSTRAINT `self ref` FOREIGN KEY (parent) REFERENCES i_self (id) ON DELETE SET DEFAULT);
CREATE TABLE i_cross (a INT, FOREIGN KEY (a) REFERENCES {db}.i_parent (id));
CREATE INDEX later ON i_all (b);
CREATE INDEX later_prefix ON i_all (c(5) DESC, b(3));
CREATE UNIQUE INDEX later_unique USING BTREE ON i_all (a, b) COMMENT 'u' ALGORITHM = INPLACE LOCK = NONE;
CREATE FULLTEXT INDEX later_fulltext ON i_all (c) WITH PARSER ngram;
CREATE INDEX later_functional ON i_all ((a * 2), (UPPER(b)));
CREATE INDEX later_json ON i_all ((CAST(d->>'$.n' AS UNSIGNED)));
CREATE INDEX later_array ON i_all ((CAST(d->'$.tags' AS CHAR(10) ARRAY))) ALGORITHM DEFAULT;
CREATE SPATIAL INDEX later_spatial ON i_spatial (a) LOCK = SHARED;
CREATE INDEX later_invisible ON i_invisible (a, b) INVISIBLE;
ALTER TABLE i_invisible ALTER INDEX later_invisible VISIBLE;
DROP INDEX later ON i_all;
DROP INDEX later_unique ON i_all ALGORITHM = INPLACE LOCK = NONE;
DROP INDEX `later_fulltext` ON {db}.i_all;
ALTER TABLE i_constraint_names DROP PRIMARY KEY;
ALTER TABLE i_child DROP FOREIGN KEY fk;
-- refused: 1061
CREATE INDEX later_json ON i_all (a);
-- refused: 1091
DROP INDEX nowhere ON i_all;
