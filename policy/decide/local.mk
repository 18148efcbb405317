policy_libpolicy_a_SOURCES += \
	%D%/allot.c %D%/allot.h \
	%D%/atlas.c %D%/atlas.h \
	%D%/ballot.c %D%/ballot.h \
	%D%/budget.c %D%/budget.h \
	%D%/capacity.c %D%/capacity.h \
	%D%/census.c %D%/census.h \
	%D%/chain.c %D%/chain.h \
	%D%/chain_place.c \
	%D%/client.c %D%/client.h \
	%D%/corrections.c %D%/corrections.h \
	%D%/crowd.c %D%/crowd.h \
	%D%/cuts.c %D%/cuts.h \
	%D%/decree.c %D%/decree.h \
	%D%/deferral.c %D%/deferral.h \
	%D%/demand.c %D%/demand.h \
	%D%/electorate.c %D%/electorate.h \
	%D%/flock.c %D%/flock.h \
	%D%/frozen.c %D%/frozen.h \
	%D%/geo.c %D%/geo.h %D%/geo_table.h \
	%D%/geo_cache.c %D%/geo_cache.h \
	%D%/geo_load.c \
	%D%/geo_needs.c %D%/geo_needs.h \
	%D%/health_json.c %D%/health_json.h \
	%D%/heard.c %D%/heard.h \
	%D%/hearing.c %D%/hearing.h \
	%D%/intern.c %D%/intern.h \
	%D%/latency.c %D%/latency.h \
	%D%/locality.c %D%/locality.h \
	%D%/lpm.c %D%/lpm.h \
	%D%/lpm_build.c \
	%D%/lpm_cover.c \
	%D%/lpm_image.c \
	%D%/lpm_table.h \
	%D%/memo.c %D%/memo.h \
	%D%/mmdb.c %D%/mmdb.h \
	%D%/opening.c %D%/opening.h \
	%D%/order.c %D%/order.h \
	%D%/outage.c %D%/outage.h \
	%D%/panic.c %D%/panic.h \
	%D%/parts.c %D%/parts.h \
	%D%/pin.c %D%/pin.h \
	%D%/pin_json.c %D%/pin_json.h \
	%D%/quorum.c %D%/quorum.h \
	%D%/reason.c %D%/reason.h \
	%D%/rum.c %D%/rum.h \
	%D%/sample.c %D%/sample.h \
	%D%/share.c %D%/share.h \
	%D%/spill.c %D%/spill.h \
	%D%/standing.c %D%/standing.h \
	%D%/subdivision.c %D%/subdivision.h \
	%D%/survey.c %D%/survey.h \
	%D%/tiers.c %D%/tiers.h \
	%D%/vicinity.c %D%/vicinity.h \
	%D%/view.c %D%/view.h \
	%D%/view_same.c \
	%D%/walk.c %D%/walk.h \
	%D%/world.c %D%/world.h
