"""command-api: appends user events to MySQL, as the only writer."""
