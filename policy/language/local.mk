policy_libpolicy_a_SOURCES += \
	%D%/country.c %D%/country.h
