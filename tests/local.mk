dist_check_SCRIPTS += %D%/lint/arity.sh %D%/lint/arrows.sh \
	%D%/lint/manuals.sh %D%/lint/pure.sh %D%/lint/size.sh \
	%D%/lint/words.sh
TEST_EXTENSIONS = .sh
EXTRA_DIST += %D%/run %D%/system/asker.py %D%/system/budget.py \
	%D%/system/bus_doctor.py %D%/system/bus_faults.py \
	%D%/system/bus_keys.py %D%/system/bus_matrix.py \
	%D%/system/bus_versions.py %D%/system/bus_witness.py \
	%D%/system/checkers.py %D%/system/cluster.py %D%/system/delegation.py \
	%D%/system/diff_truth.py %D%/system/dnstap.py %D%/system/dot.py %D%/system/envelope.py \
	%D%/system/fleet.py %D%/system/internet.py %D%/system/key_files.py \
	%D%/system/dnstap.py %D%/system/dot.py %D%/system/envelope.py \
	%D%/system/fleet.py %D%/system/internet.py %D%/system/journal.py \
	%D%/system/key_files.py \
	%D%/system/fleet.py %D%/system/internet.py %D%/system/journal.py %D%/system/key_files.py \
	%D%/system/expressions.py %D%/system/fleet.py \
	%D%/system/internet.py %D%/system/key_files.py \
	%D%/system/key_roll.py %D%/system/last_good.py \
	%D%/system/key_roll.py %D%/system/passive.py %D%/system/last_good.py \
	%D%/system/latency_map.py %D%/system/link.py %D%/system/metrics.py \
	%D%/system/probes.py %D%/system/proxied.py %D%/system/redis_servers.py %D%/system/review_in_git.py \
	%D%/system/panic.py %D%/system/probes.py %D%/system/proxied.py %D%/system/redis_servers.py \
	%D%/system/probes.py %D%/system/proxied.py %D%/system/redis_servers.py %D%/system/review_in_git.py %D%/system/schema.py \
	%D%/system/redis_tls.py %D%/system/reload.py %D%/system/rig.py \
	%D%/system/probes.py %D%/system/proxied.py %D%/system/redis_servers.py \
	%D%/system/redis_tls.py %D%/system/reload.py %D%/system/repair.py \
	%D%/system/rig.py \
	%D%/system/rum.py %D%/system/sentinel.py %D%/system/split_brain.py \
	%D%/system/rum.py %D%/system/schedule.py \
	%D%/system/sentinel.py %D%/system/split_brain.py \
	%D%/system/supervised.py \
	%D%/system/takeover.py %D%/system/tcp_abuse.py %D%/system/up.py \
	%D%/system/two_people.py %D%/system/vantage.py %D%/system/verify.py %D%/system/xdp.py

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
SH_LOG_DRIVER = $(LOG_DRIVER)

# Deaths of endpoints, and how long until answers change
EXTRA_DIST += %D%/system/death.py %D%/system/mortals.py %D%/system/watching.py

# Queries and answers on the wire
EXTRA_DIST += %D%/system/wire.py %D%/system/wire_cases.py \
	%D%/system/wire_message.py %D%/data/wire

# Bugs put in on purpose
EXTRA_DIST += %D%/mutants/mutants %D%/mutants/run

# Edges and their proxies
EXTRA_DIST += %D%/system/edge.py %D%/system/edge_world.py
# Canaries and what measures them
EXTRA_DIST += %D%/system/canary.py
# The runbook's commands
dist_check_SCRIPTS += %D%/lint/completion.sh
EXTRA_DIST += %D%/system/bus_doctor_many.py %D%/system/completion.py \
	%D%/system/crowds.py %D%/system/papers.py %D%/system/redis_many.py \
	%D%/system/runbooks.py %D%/system/tail.py %D%/system/top.py

# Edges
EXTRA_DIST += %D%/system/edge.py %D%/system/edge_abort.py \
	%D%/system/edge_cohorts.py %D%/system/edge_nginx.py \
	%D%/system/edge_world.py
