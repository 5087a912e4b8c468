-- depends: 0004-command-result
-- command-api adds and reads results, and deletes expired ones and those of a deleted user.
-- It never updates one.
GRANT SELECT, INSERT, DELETE ON command_result TO `command_api`@`%`
