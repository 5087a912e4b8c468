-- depends: 0004-command-result
-- Answers are recorded, read, and removed with their user or after their time. Nobody updates one.
GRANT SELECT, INSERT, DELETE ON command_result TO `command_api`@`%`
