dist_check_SCRIPTS += %D%/lint/arity.sh %D%/lint/arrows.sh \
	%D%/lint/codes.sh %D%/lint/completion.sh %D%/lint/manuals.sh %D%/lint/pure.sh %D%/lint/size.sh \
	%D%/lint/mutants.sh %D%/lint/units.sh %D%/lint/words.sh
TEST_EXTENSIONS = .sh
EXTRA_DIST += %D%/run %D%/data/wire %D%/mutants/mutants %D%/mutants/run

AM_TESTS_ENVIRONMENT = \
	SRCDIR='$(abs_srcdir)'; BUILDDIR='$(abs_builddir)'; \
	CMOCKA_MESSAGE_OUTPUT=TAP; \
	export SRCDIR BUILDDIR CMOCKA_MESSAGE_OUTPUT;
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/contrib/autotools/tap-driver.sh

# One fragment an area, so that each names its own tests.
include tests/unit/base.mk
include tests/unit/keys.mk
include tests/unit/language.mk
include tests/unit/decide.mk
include tests/unit/geo.mk
include tests/unit/bus.mk
include tests/unit/dns.mk
include tests/unit/dns_shells.mk
include tests/unit/health.mk
include tests/unit/steering.mk
include tests/unit/runbook.mk
include tests/fuzz/local.mk
include tests/replay/local.mk
include tests/sim/local.mk
include tests/bench/local.mk
include tests/system/local.mk
SH_LOG_DRIVER = $(LOG_DRIVER)
