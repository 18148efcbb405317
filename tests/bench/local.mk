# Benchmarks: built by hand, never run by make check.
EXTRA_PROGRAMS += %D%/bench_geo
%C%_bench_geo_SOURCES = %D%/geo.c
%C%_bench_geo_LDADD = $(POLICY_LIBS)
EXTRA_PROGRAMS += %D%/bench_decide
%C%_bench_decide_SOURCES = %D%/decide.c
%C%_bench_decide_LDADD = $(DNS_LIBS)
