"""What the fuzzer calls: one module a decoder, each with run(data), seeds() and mutate()."""
