"""Kafka adapters: consumer, lag and positions, dead letters, Avro."""
