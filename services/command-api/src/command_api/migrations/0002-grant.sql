-- depends: 0001-user-event
-- Events are appended, read and, at a deletion, erased. Nobody updates one.
GRANT SELECT, INSERT, DELETE ON user_event TO `command_api`@`%`
