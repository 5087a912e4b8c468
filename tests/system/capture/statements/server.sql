-- Server-wide objects (CREATE SERVER, Components, Plugins, Resource Groups, Loadable Functions).
CREATE SERVER corpus_server FOREIGN DATA WRAPPER mysql OPTIONS (USER 'url', HOST 'db.example.com', DATABASE 'x', PORT 3307, PASSWORD 'secret');
ALTER SERVER corpus_server OPTIONS (USER 'manual');
DROP SERVER corpus_server;
DROP SERVER IF EXISTS corpus_server;
INSTALL COMPONENT 'file://component_query_attributes';
UNINSTALL COMPONENT 'file://component_query_attributes';
INSTALL COMPONENT 'file://component_validate_password' SET GLOBAL validate_password.policy = LOW, PERSIST validate_password.length = 4;
UNINSTALL COMPONENT 'file://component_validate_password';
RESET PERSIST IF EXISTS `validate_password.length`;
-- refused: 1127
INSTALL PLUGIN corpus_trace SONAME 'rewriter.so';
-- refused: 1126
CREATE FUNCTION corpus_loadable RETURNS STRING SONAME 'corpus.so';
DROP FUNCTION IF EXISTS corpus_loadable;
CREATE RESOURCE GROUP corpus_group TYPE = USER VCPU = 0 THREAD_PRIORITY = 5;
DROP RESOURCE GROUP corpus_group;
-- refused: 3805
ALTER INSTANCE ROTATE BINLOG MASTER KEY;
-- refused: 1286
CREATE LOGFILE GROUP corpus_logs ADD UNDOFILE 'undo.dat' ENGINE = NDB;
