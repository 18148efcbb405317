policy_libpolicy_a_SOURCES += \
	%D%/check.c %D%/check.h \
	%D%/explain.c %D%/explain.h \
	%D%/explanation.c %D%/explanation.h %D%/explanation_json.c \
	%D%/subject.c %D%/subject.h \
	%D%/test.c %D%/test.h
