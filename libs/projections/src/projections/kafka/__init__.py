"""The topic: reading it, how far readers are, dead letters, Avro."""
