# The windrose command: review, runbook, and all in one.
steering_libsteering_a_SOURCES += \
	%D%/change.c %D%/change.h \
	%D%/checkup.c %D%/checkup.h \
	%D%/cluster.c %D%/cluster.h \
	%D%/cluster_map.c %D%/cluster_map.h \
	%D%/content.c %D%/content.h \
	%D%/diagnosis.c %D%/diagnosis.h \
	%D%/doctor.c %D%/doctor.h \
	%D%/force.c %D%/force.h \
	%D%/link.c %D%/link.h \
	%D%/look.c %D%/look.h \
	%D%/order.c %D%/order.h \
	%D%/patient.c %D%/patient.h \
	%D%/render.c %D%/render.h \
	%D%/rights.c %D%/rights.h \
	%D%/sentinel_view.c %D%/sentinel_view.h \
	%D%/sentinels.c %D%/sentinels.h \
	%D%/trail.c %D%/trail.h

bin_PROGRAMS += windrose
windrose_SOURCES = %D%/windrose.c %D%/windrose-up.c %D%/windrose-up.h
windrose_LDADD = $(STEERING_LIBS) $(DNS_LIBS) $(HEALTH_LIBS)
dist_man_MANS += contrib/man/windrose.1
