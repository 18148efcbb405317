/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/init.h"

#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/invocation.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096 };

/* clang-format off */
static const char first_policy[] =
	"# A policy of Windrose: one zone, three regions, one service.  Every key is\n"
	"# explained in windrose-policy(5).\n"
	"#\n"
	"#   windrose check .        finds mistakes\n"
	"#   windrose test .         runs the tests at the end\n"
	"#   windrose prove .        proves that the walls hold, whatever fails\n"
	"#   windrose up .           serves it, in one process, to try it out\n"
	"\n"
	"# The zone that is delegated to the responders.  Its nameservers are those that\n"
	"# the parent names; they need addresses there, or in a file of static records.\n"
	"zone:\n"
	"  name: gslb.example.com\n"
	"  nameservers: [ns1.example.net, ns2.example.net]\n"
	"  contact: hostmaster@example.com\n"
	"  # records: gslb.zone             # static records, an ordinary master file\n"
	"\n"
	"# Where clients are.  With a database (contrib/geo/fetch gets a free one) sets\n"
	"# may name countries, and services may steer by geo and latency.\n"
	"# geo:\n"
	"#   databases: [GeoLite2-City.mmdb]\n"
	"\n"
	"# Sets of clients: networks; with a database also countries (GB), subdivisions\n"
	"# (US-CA), continents (europe), eu and eea; with one of ASNs AS64500; other sets.\n"
	"clients:\n"
	"  customers-eu: [192.0.2.0/24, \"2001:db8:100::/40\"]\n"
	"\n"
	"# Where endpoints are.  Jurisdictions are words of your own, for residency; a\n"
	"# capacity is in the unit of the services' demand.\n"
	"regions:\n"
	"  us-east: {location: [38.95, -77.45], jurisdictions: [us], capacity: 10000}\n"
	"  eu-west: {location: [53.35, -6.26], jurisdictions: [eu], capacity: 10000}\n"
	"  eu-central: {location: [50.11, 8.68], jurisdictions: [eu], capacity: 10000}\n"
	"\n"
	"# Where probers run.  Two of them must agree that an endpoint is down.\n"
	"vantages:\n"
	"  iad: {location: [38.95, -77.45]}\n"
	"  dub: {location: [53.35, -6.26]}\n"
	"  fra: {location: [50.11, 8.68]}\n"
	"\n"
	"# How endpoints are probed.\n"
	"checks:\n"
	"  web:\n"
	"    type: https\n"
	"    path: /healthz\n"
	"    interval: 5s\n"
	"    timeout: 2s\n"
	"    addresses: all                 # IPv4 and IPv6, as vantages have both\n"
	"    quorum: 2\n"
	"\n"
	"# Walls: these clients are sent to these regions only, whatever has failed.\n"
	"residency:\n"
	"  eu-only:\n"
	"    clients: customers-eu\n"
	"    within: [eu]\n"
	"\n"
	"# The names that are steered, below the zone: www.gslb.example.com.\n"
	"services:\n"
	"  www:\n"
	"    steer: failover                # in this order; with a database: geo, latency\n"
	"    check: web\n"
	"    demand: 8000                   # what it has to carry\n"
	"    ttl: {steady: 30s, changing: 10s}\n"
	"    endpoints:\n"
	"      us-east: {A: 198.51.100.10, AAAA: \"2001:db8:1::10\"}\n"
	"      eu-west: {A: 198.51.100.20, AAAA: \"2001:db8:2::10\"}\n"
	"      eu-central: {A: 198.51.100.30, AAAA: \"2001:db8:3::10\"}\n"
	"\n"
	"# What people and health may not do, and what must be so when a region fails.\n"
	"safety:\n"
	"  min_regions_in_service: 1\n"
	"  max_override: 8h\n"
	"  failover_goal: 1m                # clients are off a failed endpoint by then\n"
	"  region_loss: carried             # and the others can carry what it had\n"
	"\n"
	"# What must hold, in words of clients: windrose test tries each line, windrose\n"
	"# prove those that say always.\n"
	"tests:\n"
	"  - {client: 203.0.113.1, service: www, answer: us-east}\n"
	"  - {client: 203.0.113.1, service: www, down: us-east, answer: eu-west}\n"
	"  - {client: 203.0.113.1, service: www, order: \"drain:us-east\", never: us-east}\n"
	"  - {client: 192.0.2.1, service: www, answer: eu-west}\n"
	"  - {client: 192.0.2.1, service: www, down: eu-west, answer: eu-central}\n"
	"  - {clients: customers-eu, service: www, always_within: [eu]}\n";
/* clang-format on */

/* A file that would be of the same policy; false: there is none. */
static bool find_policy(const char *folder, char found[NAME_MAX + 1])
{
	DIR *dir = opendir(folder);
	bool any = false;

	if (dir == NULL)
		return false;
	for (struct dirent *e = readdir(dir); !any && e != NULL;
	     e = readdir(dir)) {
		size_t len = strlen(e->d_name);

		any = len > 5 && strcmp(e->d_name + len - 5, ".yaml") == 0;
		if (any)
			snprintf(found, NAME_MAX + 1, "%s", e->d_name);
	}
	closedir(dir);
	return any;
}

/* False with err set. */
static bool write_policy(const char *folder, struct error *err)
{
	char path[PATH_SIZE], found[NAME_MAX + 1];

	if (find_policy(folder, found)) {
		error_set(err,
			  "%.200s has a policy already: %.100s; name another "
			  "folder",
			  folder, found);
		return false;
	}
	if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
		error_set(err, "%.200s: %s", folder, strerror(errno));
		return false;
	}
	if ((size_t)snprintf(path, sizeof(path), "%s/policy.yaml", folder) >=
	    sizeof(path)) {
		error_set(err, "the name of the folder is too long");
		return false;
	}
	if (!file_replace(path, first_policy, sizeof(first_policy) - 1, err))
		return false;
	printf("%s: a policy to begin with; try windrose check %s, then test "
	       "and prove\n",
	       path, folder);
	return true;
}

int review_init(int argc, char **argv)
{
	bool help = false;
	const struct option_row rows[] = {
		{ "help", OPTION_FLAG, &help, NULL, "print this", 0, 0 },
	};
	const struct invocation call = { "init", "[DIR]", rows, 1, 1, &help };
	char here[] = ".", *with_folder[] = { argv[0], here, NULL };
	const char *folder;
	enum program_status status =
		argc == 1 ? invocation_read(&call, 2, with_folder, &folder)
			  : invocation_read(&call, argc, argv, &folder);
	struct error err;

	if (status != PROGRAM_GO)
		return status;
	if (write_policy(folder, &err))
		return PROGRAM_OK;
	fprintf(stderr, "windrose init: %s\n", err.text);
	return PROGRAM_FAILED;
}
