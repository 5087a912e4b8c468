-- depends: 0002-grant
-- view-verifier reads the newest event of every user. It writes nothing.
GRANT SELECT ON user_event TO `auditor`@`%`
