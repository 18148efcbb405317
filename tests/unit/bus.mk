# Unit tests of bus.
