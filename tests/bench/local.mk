# Benchmarks: built by hand, never run by make check.
EXTRA_PROGRAMS += %D%/bench_geo
%C%_bench_geo_SOURCES = %D%/geo.c
%C%_bench_geo_LDADD = $(POLICY_LIBS)
