noinst_LIBRARIES += %D%/libsteering.a
steering_libsteering_a_SOURCES = \
	%D%/canary.c %D%/canary.h \
	%D%/effect.c %D%/effect.h \
	%D%/guard.c %D%/guard.h \
	%D%/lease.c %D%/lease.h \
	%D%/ramp.c %D%/ramp.h

include steering/edge/local.mk
include steering/runbook/local.mk
