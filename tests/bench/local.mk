# Benchmarks: built by hand or by make benches, never run by make check.
.PHONY: benches
benches: $(EXTRA_PROGRAMS)
EXTRA_PROGRAMS += %D%/bench_geo
%C%_bench_geo_SOURCES = %D%/geo.c
%C%_bench_geo_LDADD = $(POLICY_LIBS)
%C%_bench_geo_LDFLAGS = $(LTO_LDFLAGS)
EXTRA_PROGRAMS += %D%/bench_decide
%C%_bench_decide_SOURCES = %D%/decide.c
%C%_bench_decide_LDADD = $(DNS_LIBS)
%C%_bench_decide_LDFLAGS = $(LTO_LDFLAGS)
EXTRA_PROGRAMS += %D%/bench_answer %D%/bench_subnets
BENCH_QUESTIONS = %D%/questions.c %D%/questions.h
%C%_bench_answer_SOURCES = %D%/answer.c $(BENCH_QUESTIONS)
%C%_bench_answer_LDADD = $(DNS_LIBS)
%C%_bench_answer_LDFLAGS = $(LTO_LDFLAGS)
%C%_bench_subnets_SOURCES = %D%/subnets.c
%C%_bench_subnets_LDADD = $(POLICY_LIBS)
EXTRA_DIST += contrib/tuning.md %D%/change.py %D%/instructions \
	%D%/measure.py %D%/peers.py %D%/run %D%/tables.py %D%/veth.py %D%/world.py
EXTRA_PROGRAMS += %D%/bench_load %D%/bench_udp_echo
%C%_bench_load_SOURCES = %D%/load.c %D%/flight.c %D%/flight.h \
	%D%/latencies.h %D%/carrier.h %D%/carrier_sockets.c %D%/carrier_xdp.c \
	%D%/xsk.c %D%/xsk.h $(BENCH_QUESTIONS)
%C%_bench_load_LDADD = $(POLICY_LIBS)
%C%_bench_udp_echo_SOURCES = %D%/udp_echo.c
%C%_bench_udp_echo_LDADD = $(POLICY_LIBS)
EXTRA_PROGRAMS += %D%/bench_nest
%C%_bench_nest_SOURCES = %D%/nest.c %D%/nest_record.c %D%/nest_record.h
%C%_bench_nest_LDADD = $(POLICY_LIBS)
EXTRA_PROGRAMS += %D%/bench_xdp_echo
%C%_bench_xdp_echo_SOURCES = %D%/xdp_echo.c %D%/xsk.c %D%/xsk.h
%C%_bench_xdp_echo_LDADD = $(POLICY_LIBS)
EXTRA_PROGRAMS += %D%/bench_followers
%C%_bench_followers_SOURCES = %D%/followers.c %D%/latencies.h
%C%_bench_followers_LDADD = $(POLICY_LIBS)
EXTRA_DIST += %D%/followers.py
EXTRA_PROGRAMS += %D%/bench_farm
%C%_bench_farm_SOURCES = %D%/farm.c
%C%_bench_farm_LDADD = $(POLICY_LIBS)
EXTRA_DIST += %D%/farm.py
