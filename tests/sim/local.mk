# The simulator: bounded in `make check`, as long as wanted by hand (README.md).
check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = \
	%D%/approvals.c %D%/approvals.h %D%/askers.c %D%/askers.h \
	%D%/demands.c %D%/spills.c \
	%D%/estate.h %D%/faults.c %D%/figures.c %D%/figures.h %D%/fleet.c %D%/fleet.h \
	%D%/gauges.c \
	%D%/ground.c %D%/ground.h %D%/history.c %D%/history.h \
	%D%/invariants.c %D%/ledger.c %D%/outturn.h \
	%D%/movement.c %D%/panic.c %D%/people.c %D%/pins.c %D%/plans.c \
	%D%/responder.c \
	%D%/rollouts.c %D%/seat.c %D%/sim.c %D%/store.c %D%/store.h %D%/truth.c \
	%D%/users.c %D%/users.h \
	%D%/vantage.c %D%/verifier.c
tests_sim_sim_LDADD = steering/libsteering.a health/libhealth.a $(DNS_LIBS)
EXTRA_DIST += %D%/README.md %D%/policy.yaml
