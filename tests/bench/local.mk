# Benchmarks: built by hand, never run by make check.
EXTRA_PROGRAMS += %D%/bench_geo
%C%_bench_geo_SOURCES = %D%/geo.c
%C%_bench_geo_LDADD = $(POLICY_LIBS)
EXTRA_PROGRAMS += %D%/bench_decide
%C%_bench_decide_SOURCES = %D%/decide.c
%C%_bench_decide_LDADD = $(DNS_LIBS)
EXTRA_PROGRAMS += %D%/bench_answer %D%/bench_subnets
BENCH_QUESTIONS = %D%/questions.c %D%/questions.h
%C%_bench_answer_SOURCES = %D%/answer.c $(BENCH_QUESTIONS)
%C%_bench_answer_LDADD = $(DNS_LIBS)
%C%_bench_subnets_SOURCES = %D%/subnets.c
%C%_bench_subnets_LDADD = $(POLICY_LIBS)
EXTRA_DIST += %D%/instructions %D%/world.py
