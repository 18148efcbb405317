# Unit tests of health.
