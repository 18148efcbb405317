policy_libpolicy_a_SOURCES += \
	%D%/dnskey.c %D%/dnskey.h \
	%D%/keyring.c %D%/keyring.h \
	%D%/secret.c %D%/secret.h
