# Unit tests of bus.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_bus
%C%_test_bus_SOURCES = %D%/test_bus.c %D%/bus_world.c %D%/bus_world.h
%C%_test_bus_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
endif
