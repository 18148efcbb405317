policy_libpolicy_a_SOURCES += \
	%D%/check.c %D%/check.h \
	%D%/claim.c %D%/claim.h \
	%D%/evidence.c %D%/evidence.h \
	%D%/explain.c %D%/explain.h \
	%D%/explanation.c %D%/explanation.h %D%/explanation_json.c \
	%D%/proof.c %D%/proof.h \
	%D%/prove.c %D%/prove.h \
	%D%/realm.c %D%/realm.h \
	%D%/scenario.c %D%/scenario.h %D%/scenario_text.c \
	%D%/subject.c %D%/subject.h \
	%D%/test.c %D%/test.h
