# The windrose command: review, runbook, and all in one.
steering_libsteering_a_SOURCES += \
	%D%/change.c %D%/change.h \
	%D%/diagnosis.c %D%/diagnosis.h \
	%D%/doctor.c %D%/doctor.h \
	%D%/force.c %D%/force.h \
	%D%/link.c %D%/link.h \
	%D%/look.c %D%/look.h \
	%D%/order.c %D%/order.h \
	%D%/render.c %D%/render.h \
	%D%/rights.c %D%/rights.h

bin_PROGRAMS += windrose
windrose_SOURCES = %D%/windrose.c %D%/windrose-up.c %D%/windrose-up.h
windrose_LDADD = $(STEERING_LIBS) $(DNS_LIBS) $(HEALTH_LIBS)
dist_man_MANS += contrib/man/windrose.1
