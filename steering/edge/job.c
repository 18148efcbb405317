/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/job.h"

#include "policy/base/log.h"
#include "policy/base/spawn.h"
#include "steering/edge/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

struct job {
	const char *name;
	struct spawn *spawn;
	struct event *deadline, *readable;
	int output; /* our end of its standard output and error */
	char said[JOB_SAID_MAX + 1];
	size_t len;
	bool late;
	job_done *done;
	void *arg;
};

/* What there is, as far as it is kept; what is beyond is read, and lost. */
static void read_output(struct job *job)
{
	char buf[4096];
	ssize_t got;

	while ((got = read(job->output, buf, sizeof(buf))) > 0) {
		size_t room = JOB_SAID_MAX - job->len;
		size_t take = (size_t)got < room ? (size_t)got : room;

		memcpy(job->said + job->len, buf, take);
		job->len += take;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	read_output(arg);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct job *job = arg;

	(void)fd, (void)what;
	job->late = true;
	spawn_kill(job->spawn);
}

static void release(struct job *job)
{
	if (job->deadline != NULL)
		event_free(job->deadline);
	if (job->readable != NULL)
		event_free(job->readable);
	if (job->output >= 0)
		close(job->output);
	free(job);
}

/* Of a line of nginx's what follows its time and process, which differ each
 * time: the same trouble is told once. */
static const char *emergency(const char *line)
{
	const char *at = strstr(line, "[emerg]");
	const char *after = at == NULL ? NULL : strstr(at, ": ");

	return after == NULL ? NULL : after + 2;
}

/* What names the error, by its usual words, else the last line. */
static const char *telling_line(char *said)
{
	const char *telling = "";
	char *rest = said, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0')
			continue;
		telling = line;
		if (emergency(line) != NULL)
			return emergency(line);
		if (strcasestr(line, "error") != NULL)
			return line;
	}
	return telling;
}

static void log_output(const struct job *job, bool ok)
{
	char copy[JOB_SAID_MAX + 1], quoted[512];
	char *rest = copy, *line;

	memcpy(copy, job->said, job->len + 1);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			log_event(ok ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, "edge",
				  job->name, "said=%s",
				  log_quote(line, quoted, sizeof(quoted)));
}

static void on_ended(void *arg, int status)
{
	struct job *job = arg;
	job_done *done = job->done;
	void *done_arg = job->arg;
	char why[JOB_WHY_SIZE];
	bool ok = !job->late && WIFEXITED(status) && WEXITSTATUS(status) == 0;

	read_output(job);
	job->said[job->len] = '\0';
	log_output(job, ok);
	if (job->late)
		snprintf(why, sizeof(why), "%s took too long, and was ended",
			 job->name);
	else if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "%s died of signal %d", job->name,
			 WTERMSIG(status));
	else
		snprintf(why, sizeof(why), "%s: exit %d: %.110s", job->name,
			 WEXITSTATUS(status), telling_line(job->said));
	release(job);
	done(done_arg, ok ? NULL : why);
}

static bool watch(struct job *job, struct event_base *loop, unsigned timeout_ms)
{
	const struct timeval patience = { .tv_sec = timeout_ms / 1000,
					  .tv_usec = timeout_ms % 1000 * 1000 };

	job->deadline = evtimer_new(loop, on_deadline, job);
	job->readable = event_new(loop, job->output, EV_READ | EV_PERSIST,
				  on_readable, job);
	return job->deadline != NULL && job->readable != NULL &&
	       evtimer_add(job->deadline, &patience) == 0 &&
	       event_add(job->readable, NULL) == 0;
}

struct job *job_start(struct event_base *loop, const struct job_config *config,
		      job_done *done, void *arg)
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const environment[] = { path, NULL };
	struct job *job = calloc(1, sizeof(*job));
	struct spawn_config spawn = { .argv = config->words->argv,
				      .environment = environment };
	int ends[2];

	if (job == NULL)
		return NULL;
	job->name = config->name;
	job->done = done;
	job->arg = arg;
	job->output = -1;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
		release(job);
		return NULL;
	}
	job->output = ends[0];
	spawn.output = ends[1];
	if (watch(job, loop, config->timeout_ms))
		job->spawn = spawn_start(loop, &spawn, on_ended, job);
	close(ends[1]);
	if (job->spawn == NULL) {
		int error = errno;

		release(job);
		errno = error;
		return NULL;
	}
	return job;
}

void job_free(struct job *job)
{
	if (job == NULL)
		return;
	spawn_free(job->spawn);
	release(job);
}
