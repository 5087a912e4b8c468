REVOKE SELECT, INSERT, DELETE ON user_event FROM `command_api`@`%`
