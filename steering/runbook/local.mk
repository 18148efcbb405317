# The windrose command: review, runbook, and all in one.
steering_libsteering_a_SOURCES += \
	%D%/alarm.c %D%/alarm.h \
	%D%/board.c %D%/board.h \
	%D%/change.c %D%/change.h \
	%D%/checkup.c %D%/checkup.h \
	%D%/cluster.c %D%/cluster.h \
	%D%/cluster_map.c %D%/cluster_map.h \
	%D%/content.c %D%/content.h \
	%D%/diagnosis.c %D%/diagnosis.h \
	%D%/doctor.c %D%/doctor.h \
	%D%/field.c %D%/field.h \
	%D%/force.c %D%/force.h \
	%D%/glyph.c %D%/glyph.h \
	%D%/key.c %D%/key.h \
	%D%/link.c %D%/link.h \
	%D%/look.c %D%/look.h \
	%D%/names.c %D%/names.h \
	%D%/order.c %D%/order.h \
	%D%/patient.c %D%/patient.h \
	%D%/picture.c %D%/picture.h \
	%D%/poller.c %D%/poller.h \
	%D%/publish.c %D%/publish.h \
	%D%/rollout.c %D%/rollout.h \
	%D%/render.c %D%/render.h \
	%D%/render_commands.c %D%/render_commands.h \
	%D%/render_parts.c %D%/render_parts.h \
	%D%/render_past.c %D%/render_past.h \
	%D%/rights.c %D%/rights.h \
	%D%/sentinel_view.c %D%/sentinel_view.h \
	%D%/sentinels.c %D%/sentinels.h \
	%D%/survey.c %D%/survey.h \
	%D%/tail.c %D%/tail.h \
	%D%/terminal.c %D%/terminal.h \
	%D%/ticker.c %D%/ticker.h \
	%D%/top.c %D%/top.h \
	%D%/trail.c %D%/trail.h \
	%D%/watch.c %D%/watch.h

bin_PROGRAMS += windrose
windrose_SOURCES = %D%/windrose.c %D%/windrose-up.c %D%/windrose-up.h
windrose_LDADD = $(STEERING_LIBS) $(DNS_LIBS) $(HEALTH_LIBS)
dist_man_MANS += contrib/man/windrose.1

# Where bash-completion and zsh look; both find it by the command's name.
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = contrib/completion/_windrose
EXTRA_DIST += contrib/completion/windrose.bash
install-data-local: install-bash-completion
uninstall-local: uninstall-bash-completion
install-bash-completion:
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)'
	$(INSTALL_DATA) $(srcdir)/contrib/completion/windrose.bash \
		'$(DESTDIR)$(bashcompletiondir)/windrose'
uninstall-bash-completion:
	rm -f '$(DESTDIR)$(bashcompletiondir)/windrose'
.PHONY: install-bash-completion uninstall-bash-completion

# What to do when something is wrong; tests/system/runbooks.py does it.
EXTRA_DIST += contrib/runbooks/README.md \
	contrib/runbooks/bad-deploy.md \
	contrib/runbooks/forgotten-override.md \
	contrib/runbooks/game-day.md \
	contrib/runbooks/key-compromise.md \
	contrib/runbooks/lying-vantage.md \
	contrib/runbooks/redis-loss.md \
	contrib/runbooks/region-loss.md \
	contrib/runbooks/residency-incident.md
