-- Tablespaces (CREATE TABLESPACE); each is dropped at the end.
CREATE TABLESPACE corpus_space ADD DATAFILE 'corpus_space.ibd' ENGINE = InnoDB;
CREATE TABLESPACE corpus_block ADD DATAFILE 'corpus_block.ibd' FILE_BLOCK_SIZE = 8192 ENCRYPTION = 'N' Engine InnoDB;
CREATE TABLESPACE corpus_auto AUTOEXTEND_SIZE = 4M;
CREATE TABLE b_table (id INT PRIMARY KEY) TABLESPACE corpus_space ENGINE = InnoDB;
CREATE TABLE b_storage (id INT) TABLESPACE = innodb_system STORAGE DISK;
CREATE TABLE b_compressed (id INT) TABLESPACE corpus_block ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 8;
ALTER TABLE b_table TABLESPACE innodb_file_per_table;
ALTER TABLE b_compressed TABLESPACE = innodb_file_per_table;
ALTER TABLE b_table DISCARD TABLESPACE;
ALTER TABLESPACE corpus_space RENAME TO corpus_space_2;
ALTER TABLESPACE corpus_auto AUTOEXTEND_SIZE = 8M;
-- refused: 3185
ALTER TABLESPACE corpus_auto ENCRYPTION = 'N';
DROP TABLE b_table, b_storage, b_compressed;
DROP TABLESPACE corpus_space_2;
DROP TABLESPACE corpus_block;
DROP TABLESPACE corpus_auto;
