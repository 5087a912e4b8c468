DROP TABLE command_result
