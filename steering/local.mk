noinst_LIBRARIES += %D%/libsteering.a
steering_libsteering_a_SOURCES = \
	%D%/agent.c %D%/agent.h %D%/agent_impl.h %D%/agent_command.c \
	%D%/answer.c %D%/answer.h \
	%D%/audit.c %D%/audit.h \
	%D%/burden.c %D%/burden.h \
	%D%/canaries.c %D%/canaries.h \
	%D%/canary.c %D%/canary.h \
	%D%/chronicle.c %D%/chronicle.h \
	%D%/counted.c %D%/counted.h \
	%D%/custody.c %D%/custody.h \
	%D%/describe.c %D%/describe.h \
	%D%/desk.c \
	%D%/doubt.c %D%/doubt.h \
	%D%/draft.c %D%/draft.h \
	%D%/draining.c %D%/draining.h \
	%D%/drill.c %D%/drill.h %D%/drill_impl.h \
	%D%/drill_figures.c %D%/drill_score.c %D%/drill_trouble.c \
	%D%/debrief.c %D%/debrief.h \
	%D%/effect.c %D%/effect.h \
	%D%/excess.c %D%/excess.h \
	%D%/gauge.c %D%/gauge.h \
	%D%/failback.c %D%/failback.h \
	%D%/freeze.c %D%/freeze.h \
	%D%/held_metrics.c %D%/held_metrics.h \
	%D%/generations.c %D%/generations.h \
	%D%/guard.c %D%/guard.h \
	%D%/inputs.c %D%/inputs.h \
	%D%/inquiry.c \
	%D%/examination.c %D%/examination.h \
	%D%/journal.c %D%/journal.h \
	%D%/lease.c %D%/lease.h \
	%D%/loaded.c %D%/loaded.h \
	%D%/measure.c %D%/measure.h %D%/measuring.c \
	%D%/registry.c %D%/registry.h \
	%D%/supply.c \
	%D%/release.c %D%/release.h \
	%D%/rescue.c %D%/rescue.h \
	%D%/release_metrics.c %D%/release_metrics.h \
	%D%/release_request.c %D%/release_request.h \
	%D%/reload.c %D%/reload.h \
	%D%/waves.c %D%/waves.h \
	%D%/minutes.c %D%/minutes.h \
	%D%/muster.c %D%/muster.h \
	%D%/order.c %D%/order.h \
	%D%/page/destinations.c %D%/page/destinations.h \
	%D%/page/page.c %D%/page/page.h \
	%D%/pause.c %D%/pause.h \
	%D%/pinning.c %D%/pinning.h \
	%D%/predict.c %D%/predict.h \
	%D%/presence.c \
	%D%/prombuckets.c %D%/prombuckets.h \
	%D%/prometheus.c %D%/prometheus.h \
	%D%/promquery.c %D%/promquery.h \
	%D%/publish.c \
	%D%/queries.c %D%/queries.h \
	%D%/ramp.c %D%/ramp.h \
	%D%/reckoning.c %D%/reckoning.h \
	%D%/recent.c %D%/recent.h \
	%D%/rollout.c %D%/rollout.h \
	%D%/shelf.c \
	%D%/slowness.c %D%/slowness.h \
	%D%/spilling.c %D%/spilling.h \
	%D%/state.c %D%/state.h \
	%D%/rum.c %D%/rum.h \
	%D%/held.c %D%/held.h \
	%D%/second.c \
	%D%/rum_rate.h \
	%D%/rum_post.c %D%/rum_post.h \
	%D%/surge.c %D%/surge.h \
	%D%/tally.c %D%/tally.h \
	%D%/steer_metrics.c %D%/steer_metrics.h \
	%D%/undo.c %D%/undo.h \
	%D%/turnout.c %D%/turnout.h \
	%D%/steerer.c %D%/steerer.h %D%/steerer_impl.h \
	%D%/steerer_log.c \
	%D%/waiting.c

# The status page's files, as arrays in a header.
nodist_EXTRA_steering_libsteering_a_SOURCES = %D%/page/page_files.h
BUILT_SOURCES += %D%/page/page_files.h
CLEANFILES += %D%/page/page_files.h
EXTRA_DIST += %D%/page/page.html %D%/page/page.css %D%/page/page.js
%D%/page/page.$(OBJEXT): %D%/page/page_files.h
%D%/page/page_files.h: %D%/page/page.html %D%/page/page.css %D%/page/page.js
	$(AM_V_GEN)$(MKDIR_P) %D%/page && for kind in html css js; do \
		echo "static const unsigned char page_$$kind[] = {" && \
		od -An -v -tu1 $(srcdir)/%D%/page/page.$$kind | \
		sed 's/  *\([0-9][0-9]*\)/\1,/g' && echo '};' || exit 1; \
	done >$@-new && mv $@-new $@

include steering/edge/local.mk
include steering/runbook/local.mk

sbin_PROGRAMS += windrose-steer
windrose_steer_SOURCES = %D%/windrose-steer.c
windrose_steer_LDADD = $(STEERING_LIBS)
dist_man_MANS += contrib/man/windrose-steer.8
