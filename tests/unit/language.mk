# Unit tests of language.
EXTRA_DIST += tests/data/policy
