# Benchmarks: built by hand, never run by make check.
