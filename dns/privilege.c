/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/privilege.h"

#include "policy/base/error.h"

#include <errno.h>
#include <string.h>

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Nothing that is executed from here on gets more than we have. */
static bool forgo_new(struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return true;
	error_set(err, "cannot give up new privileges: %s", strerror(errno));
	return false;
}

static bool become(const struct passwd *to)
{
	return initgroups(to->pw_name, to->pw_gid) == 0 &&
	       setresgid(to->pw_gid, to->pw_gid, to->pw_gid) == 0 &&
	       setresuid(to->pw_uid, to->pw_uid, to->pw_uid) == 0;
}

bool privilege_drop(const char *user, struct error *err)
{
	const struct passwd *to;

	errno = 0;
	to = getpwnam(user);
	if (to == NULL) {
		error_set(err, "user \"%s\": %s", user,
			  errno == 0 ? "there is none of this name"
				     : strerror(errno));
		return false;
	}
	/* Already that user, and unprivileged: nothing to give up. */
	if (to->pw_uid != 0 && getuid() == to->pw_uid &&
	    geteuid() == to->pw_uid)
		return forgo_new(err);
	if (!become(to)) {
		error_set(err, "cannot become user \"%s\": %s", user,
			  strerror(errno));
		return false;
	}
	if (to->pw_uid != 0 && setuid(0) == 0) {
		error_set(err, "user \"%s\": privileges are not gone", user);
		return false;
	}
	return forgo_new(err);
}
