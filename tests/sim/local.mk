# The simulator: bounded in `make check`, as long as wanted by hand.
check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = \
	%D%/faults.c %D%/invariants.c %D%/nodes.c %D%/sim.c %D%/store.c \
	%D%/world.c %D%/world.h
tests_sim_sim_LDADD = steering/libsteering.a $(HEALTH_LIBS)
EXTRA_DIST += %D%/policy.yaml
