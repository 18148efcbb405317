# Stories in virtual time.
check_PROGRAMS += %D%/replay
%C%_replay_SOURCES = %D%/replay.c %D%/expect.c %D%/stage.c %D%/stage.h \
	%D%/post.c %D%/post.h %D%/story.c %D%/story.h
%C%_replay_LDADD = $(HEALTH_LIBS)
EXTRA_DIST += %D%/README %D%/capacity.yaml %D%/world.yaml %D%/lone.yaml \
	%D%/canary.rpl %D%/deferred.rpl %D%/dies.rpl %D%/drain.rpl \
	%D%/flaps.rpl %D%/hold.rpl %D%/latency.rpl %D%/lies.rpl \
	%D%/panic.rpl %D%/residency.rpl %D%/silence.rpl %D%/uplink.rpl
