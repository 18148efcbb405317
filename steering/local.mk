noinst_LIBRARIES += %D%/libsteering.a
steering_libsteering_a_SOURCES = \
	%D%/agent.c %D%/agent.h \
	%D%/audit.c %D%/audit.h \
	%D%/canary.c %D%/canary.h \
	%D%/draft.c %D%/draft.h \
	%D%/effect.c %D%/effect.h \
	%D%/guard.c %D%/guard.h \
	%D%/journal.c %D%/journal.h \
	%D%/lease.c %D%/lease.h \
	%D%/order.c %D%/order.h \
	%D%/predict.c %D%/predict.h \
	%D%/ramp.c %D%/ramp.h \
	%D%/recent.c %D%/recent.h \
	%D%/state.c %D%/state.h

include steering/edge/local.mk
include steering/runbook/local.mk
