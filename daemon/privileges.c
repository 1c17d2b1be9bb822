/* SPDX-License-Identifier: ISC */
/*
 * Dropping privileges with libcap-ng, once, after every socket is open and before the first
 * packet is read. A daemon has privileges in one of two ways: it is root, or its unit gives
 * another user ambient capabilities (User= and AmbientCapabilities=).
 */
#include "daemon/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

static bool has_capability(void)
{
	return capng_get_caps_process() == 0 && capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE;
}

static int select_capabilities(const int *keep)
{
	capng_clear(CAPNG_SELECT_ALL);
	for (; *keep >= 0; keep++)
		if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned)*keep) < 0)
			return -EPERM;
	return 0;
}

/* The bounding set can be changed with CAP_SETPCAP only; no_new_privs makes it meaningless. */
static int drop_as_other_user(const struct passwd *pw, const int *keep)
{
	if (pw && pw->pw_uid != geteuid())
		return -EPERM;
	if (!has_capability())
		return 0;
	if (select_capabilities(keep) < 0)
		return -EPERM;
	return capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) < 0 ? -EPERM : 0;
}

int privileges_drop(const char *user, const int *keep)
{
	const struct passwd *pw = user ? getpwnam(user) : NULL;

	if (user && !pw)
		return -ENOENT;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (geteuid() != 0)
		return drop_as_other_user(pw, keep);
	if (select_capabilities(keep) < 0)
		return -EPERM;
	if (pw && pw->pw_uid != 0)
		return capng_change_id((int)pw->pw_uid, (int)pw->pw_gid,
			       CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING) < 0
			       ? -EPERM
			       : 0;
	return capng_apply(CAPNG_SELECT_BOTH) < 0 ? -EPERM : 0;
}
