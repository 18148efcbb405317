policy_libpolicy_a_SOURCES += \
	%D%/bundle.c %D%/bundle.h \
	%D%/bundles.c %D%/bundles.h \
	%D%/bus.c %D%/bus.h %D%/bus_impl.h \
	%D%/command.c %D%/command.h \
	%D%/control.c %D%/control.h \
	%D%/control_socket.c %D%/control_socket.h \
	%D%/follow.c %D%/follow.h \
	%D%/keep.c %D%/keep.h \
	%D%/later.c %D%/later.h \
	%D%/local.c %D%/local.h \
	%D%/lookup.c %D%/lookup.h \
	%D%/measured.c %D%/measured.h \
	%D%/member.c %D%/member.h \
	%D%/memory.c %D%/memory.h \
	%D%/memory_store.c %D%/memory_store.h \
	%D%/node.c %D%/node.h \
	%D%/node_counts.c %D%/node_counts.h \
	%D%/node_impl.h \
	%D%/plan.c %D%/plan.h \
	%D%/plan_canary.c %D%/plan_canary.h \
	%D%/plan_change.c %D%/plan_change.h \
	%D%/plan_commands.c %D%/plan_commands.h \
	%D%/plan_demand.c %D%/plan_demand.h \
	%D%/plan_held.c %D%/plan_held.h \
	%D%/plan_rum.c %D%/plan_rum.h \
	%D%/plan_spill.c %D%/plan_spill.h \
	%D%/plan_release.c %D%/plan_release.h \
	%D%/promanswer.c %D%/promanswer.h \
	%D%/promform.c %D%/promform.h \
	%D%/redis.c %D%/redis.h \
	%D%/redis_command.c %D%/redis_command.h \
	%D%/redis_connect.c %D%/redis_connect.h \
	%D%/redis_dialog.c %D%/redis_dialog.h \
	%D%/redis_error.c %D%/redis_error.h \
	%D%/redis_feed.c %D%/redis_feed.h \
	%D%/redis_fetch.c %D%/redis_fetch.h \
	%D%/redis_greeting.c %D%/redis_greeting.h \
	%D%/redis_link.c %D%/redis_link.h \
	%D%/redis_outbox.c %D%/redis_outbox.h \
	%D%/redis_password.c %D%/redis_password.h \
	%D%/redis_request.c %D%/redis_request.h \
	%D%/redis_script.c %D%/redis_script.h \
	%D%/redis_sentinel.c %D%/redis_sentinel.h \
	%D%/redis_session.c %D%/redis_session.h \
	%D%/redis_socket.c %D%/redis_socket.h \
	%D%/redis_target.h \
	%D%/redis_tls.c %D%/redis_tls.h \
	%D%/redis_url.c %D%/redis_url.h \
	%D%/report.c %D%/report.h \
	%D%/ring.c %D%/ring.h \
	%D%/served.c %D%/served.h \
	%D%/sign.c %D%/sign.h \
	%D%/target.c %D%/target.h \
	%D%/witness.c %D%/witness.h
	%D%/sign.c %D%/sign.h
