/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/privilege.h"

#include "policy/base/error.h"

#include <errno.h>
#include <string.h>

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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

/*
 * capset(2) itself, since no set is to be computed, only emptied: permitted,
 * effective, inheritable; the ambient set follows the permitted one.
 */
static bool clear_capabilities(struct error *err)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {
		{ 0, 0, 0 },
	};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
	    syscall(SYS_capset, &header, none) == 0)
		return true;
	error_set(err, "cannot give up capabilities: %s", strerror(errno));
	return false;
}

/* Needs CAP_SETPCAP: an ordinary user's bounding set stays, which without new
 * privileges bounds nothing. */
static void clear_bounds(void)
{
	for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		(void)prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
}

bool privilege_forgo(struct error *err)
{
	return geteuid() == 0 || (clear_capabilities(err) && forgo_new(err));
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
	/* Already that user: nobody to become. */
	if (to->pw_uid != 0 && getuid() == to->pw_uid &&
	    geteuid() == to->pw_uid)
		return privilege_forgo(err);
	if (to->pw_uid != 0)
		clear_bounds();
	if (!become(to)) {
		error_set(err, "cannot become user \"%s\": %s", user,
			  strerror(errno));
		return false;
	}
	if (to->pw_uid != 0 && setuid(0) == 0) {
		error_set(err, "user \"%s\": privileges are not gone", user);
		return false;
	}
	return privilege_forgo(err) && forgo_new(err);
}
