/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/program_metrics.h"

#include "policy/base/openmetrics.h"

#include <stddef.h>

static void put_build(struct openmetrics *out)
{
	static const struct metric_family family = {
		"windrose_build",
		METRIC_INFO,
		NULL,
		"The program's version.",
	};
	static const struct metric_label version = { "version",
						     PACKAGE_VERSION };

	openmetrics_family(out, &family);
	openmetrics_count(out, (struct metric_labels){ &version, 1 }, 1);
}

/* clang-format off */
void program_metrics_put(struct openmetrics *out,
			 const struct process_usage *process,
			 int64_t wall_started_ms)
{
	const struct metric_plain rows[] = {
		{ { "windrose_process_start_time_seconds", METRIC_GAUGE,
		    "seconds", "When the daemon started." },
		  (double)wall_started_ms / 1e3 },
		{ { "windrose_process_cpu_seconds", METRIC_COUNTER, "seconds",
		    "CPU time of all threads, user and system." },
		  process->cpu_s },
		{ { "windrose_process_resident_memory_bytes", METRIC_GAUGE,
		    "bytes", "Memory that the process holds." },
		  (double)process->resident_octets },
		{ { "windrose_process_open_fds", METRIC_GAUGE, NULL,
		    "File descriptors open." }, (double)process->open_fds },
		{ { "windrose_process_max_fds", METRIC_GAUGE, NULL,
		    "File descriptors that may be open." },
		  (double)process->max_fds },
	};

	put_build(out);
	openmetrics_plain(out, rows, sizeof(rows) / sizeof(rows[0]));
}
/* clang-format on */
