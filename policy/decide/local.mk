policy_libpolicy_a_SOURCES += \
	%D%/chain.c %D%/chain.h \
	%D%/latency.c %D%/latency.h \
	%D%/quorum.c %D%/quorum.h \
	%D%/share.c %D%/share.h \
	%D%/view.c %D%/view.h
