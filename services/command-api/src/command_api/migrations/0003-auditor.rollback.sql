REVOKE SELECT ON user_event FROM `auditor`@`%`
