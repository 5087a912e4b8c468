"""Fuzz targets: one module a decoder, each with run(data), seeds() and mutate()."""
