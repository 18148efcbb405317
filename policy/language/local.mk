policy_libpolicy_a_SOURCES += \
	%D%/acceptance.c %D%/acceptance.h \
	%D%/apex.c %D%/apex.h \
	%D%/anchor.c %D%/anchor.h \
	%D%/binding.c %D%/binding.h \
	%D%/calendar.c %D%/calendar.h \
	%D%/catalog.c %D%/catalog.h \
	%D%/canary.h \
	%D%/check.h \
	%D%/code.c %D%/code.h \
	%D%/code_canaries.c %D%/code_checks.c %D%/code_clients.c \
	%D%/code_geo.c %D%/code_input.c %D%/code_records.c \
	%D%/code_services.c %D%/code_values.c \
	%D%/compile.c %D%/compile.h \
	%D%/compound.c %D%/compound.h \
	%D%/country.c %D%/country.h \
	%D%/draft.c %D%/draft.h \
	%D%/entry.c %D%/entry.h \
	%D%/expression.c %D%/expression.h \
	%D%/failover.c %D%/failover.h \
	%D%/fill.c %D%/fill.h \
	%D%/judge.c %D%/judge.h \
	%D%/kinds.c %D%/kinds.h \
	%D%/leftover.c %D%/leftover.h \
	%D%/limits.h \
	%D%/load.c %D%/load.h \
	%D%/master.c %D%/master.h \
	%D%/merge.c %D%/merge.h \
	%D%/metrics.c %D%/metrics.h \
	%D%/number.c %D%/number.h \
	%D%/placeholder.c %D%/placeholder.h \
	%D%/policy.c %D%/policy.h \
	%D%/probing.c %D%/probing.h \
	%D%/reach.c %D%/reach.h \
	%D%/refer.c %D%/refer.h \
	%D%/responders.c %D%/responders.h \
	%D%/rings.c %D%/rings.h \
	%D%/scalar.c %D%/scalar.h \
	%D%/schema.c %D%/schema.h %D%/schema_canary.c \
	%D%/schema.c %D%/schema.h %D%/schema_safety.c \
	%D%/schema.c %D%/schema.h \
	%D%/schema_kind.c %D%/schema_review.c \
	%D%/service.c %D%/service.h \
	%D%/sources.c %D%/sources.h \
	%D%/supposition.c %D%/supposition.h \
	%D%/survey.c %D%/survey.h \
	%D%/terms.c %D%/terms.h \
	%D%/tests.c %D%/tests.h \
	%D%/tree.c %D%/tree.h \
	%D%/value.c %D%/value.h \
	%D%/verification.h \
	%D%/waves.c %D%/waves.h \
	%D%/window.c %D%/window.h \
	%D%/zonefile.c %D%/zonefile.h \
	%D%/zonelinks.c %D%/zonelinks.h \
	%D%/zonerules.c %D%/zonerules.h \
	%D%/zonetargets.c %D%/zonetargets.h \
	%D%/zones.c %D%/zones.h

dist_man_MANS += contrib/man/windrose-policy.5
