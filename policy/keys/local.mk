policy_libpolicy_a_SOURCES += \
	%D%/dnskey.c %D%/dnskey.h \
	%D%/keyfile.c %D%/keyfile.h \
	%D%/keygen.c %D%/keygen.h %D%/ds.c \
	%D%/keyring.c %D%/keyring.h \
	%D%/roll.c %D%/roll.h \
	%D%/secret.c %D%/secret.h
