-- depends: 0001-user-event
-- command-api appends and reads events, and deletes those of a deleted user. It never updates one.
GRANT SELECT, INSERT, DELETE ON user_event TO `command_api`@`%`
