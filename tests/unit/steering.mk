# Unit tests of steering.
