policy_libpolicy_a_SOURCES += \
	%D%/accept.c %D%/accept.h \
	%D%/arena.c %D%/arena.h \
	%D%/clock.c %D%/clock.h \
	%D%/errand.c %D%/errand.h \
	%D%/error.c %D%/error.h \
	%D%/file.c %D%/file.h \
	%D%/guests.c %D%/guests.h \
	%D%/hash.c %D%/hash.h \
	%D%/histogram.c %D%/histogram.h \
	%D%/log.c %D%/log.h \
	%D%/nearest.c %D%/nearest.h \
	%D%/net.c %D%/net.h \
	%D%/openmetrics.c %D%/openmetrics.h \
	%D%/option.c %D%/option.h \
	%D%/process.c %D%/process.h \
	%D%/program.c %D%/program.h \
	%D%/thread.c %D%/thread.h
