"""Between MySQL and the topic: connectors, and the corpus of foreign DDL."""
