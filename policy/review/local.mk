policy_libpolicy_a_SOURCES += \
	%D%/alteration.c %D%/alteration.h \
	%D%/breaches.c %D%/breaches.h \
	%D%/carriage.c %D%/carriage.h \
	%D%/carrier.c %D%/carrier.h \
	%D%/chart.c %D%/chart.h %D%/chart_draw.c \
	%D%/check.c %D%/check.h \
	%D%/choices.c %D%/choices.h \
	%D%/claim.c %D%/claim.h \
	%D%/coverage.c %D%/coverage.h \
	%D%/diff.c %D%/diff.h \
	%D%/difference.c %D%/difference.h %D%/difference_chart.c %D%/difference_json.c \
	%D%/difference_text.c \
	%D%/evidence.c %D%/evidence.h %D%/evidence_goals.c \
	%D%/explain.c %D%/explain.h \
	%D%/explanation.c %D%/explanation.h %D%/explanation_json.c \
	%D%/findings.c %D%/findings.h \
	%D%/git.c %D%/git.h \
	%D%/findings.c %D%/findings.h %D%/findings_sarif.c \
	%D%/help.c %D%/help.h \
	%D%/fmt.c %D%/fmt.h \
	%D%/format.c %D%/format.h \
	%D%/goals.c %D%/goals.h \
	%D%/init.c %D%/init.h \
	%D%/keeper.c %D%/keeper.h \
	%D%/lead.c %D%/lead.h \
	%D%/likeness.c %D%/likeness.h \
	%D%/loss.c %D%/loss.h \
	%D%/movement.c %D%/movement.h \
	%D%/overlay.c %D%/overlay.h \
	%D%/page.c %D%/page.h \
	%D%/proof.c %D%/proof.h \
	%D%/prove.c %D%/prove.h \
	%D%/realm.c %D%/realm.h \
	%D%/revision.c %D%/revision.h \
	%D%/rows.c %D%/rows.h \
	%D%/scenario.c %D%/scenario.h %D%/scenario_text.c \
	%D%/schema.c %D%/schema.h \
	%D%/signpost.c %D%/signpost.h \
	%D%/simulate.c %D%/simulate.h \
	%D%/simulation.c %D%/simulation.h %D%/simulation_report.c \
	%D%/simulation_report.h \
	%D%/shift.c %D%/shift.h \
	%D%/subject.c %D%/subject.h \
	%D%/sums.c %D%/sums.h \
	%D%/test.c %D%/test.h \
	%D%/walls.c %D%/walls.h \
	%D%/timetable.c %D%/timetable.h \
	%D%/trace.c %D%/trace.h %D%/trace_dnstap.c %D%/trace_impl.h \
	%D%/trace_message.c %D%/trace_packet.c %D%/trace_pcap.c \
	%D%/trace_pcapng.c \
	%D%/trace_text.c \
	%D%/traffic.c %D%/traffic.h %D%/traffic_json.c \
	%D%/traffic_report.c %D%/traffic_report.h \
	%D%/trial.c %D%/trial.h \
	%D%/version.c %D%/version.h \
	%D%/warnings.c %D%/warnings.h
