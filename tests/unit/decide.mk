# Unit tests of decide.
