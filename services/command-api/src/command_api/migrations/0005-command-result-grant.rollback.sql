REVOKE SELECT, INSERT, DELETE ON command_result FROM `command_api`@`%`
