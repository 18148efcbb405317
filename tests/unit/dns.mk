# Unit tests of dns.
