noinst_LIBRARIES += %D%/libsteering.a
steering_libsteering_a_SOURCES =

include steering/edge/local.mk
include steering/runbook/local.mk
