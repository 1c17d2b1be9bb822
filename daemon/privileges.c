/* SPDX-License-Identifier: ISC */
/*
 * Dropping privileges with libcap-ng, once, after every socket is open and
 * before the first packet is read.
 */
#include "daemon/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

int privileges_drop(const char *user, const int *keep)
{
	const struct passwd *pw = user ? getpwnam(user) : NULL;

	if (user && !pw)
		return -ENOENT;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (geteuid() != 0)
		return 0;
	capng_clear(CAPNG_SELECT_BOTH);
	for (; *keep >= 0; keep++)
		if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned)*keep) < 0)
			return -EPERM;
	if (pw && pw->pw_uid != 0)
		return capng_change_id((int)pw->pw_uid, (int)pw->pw_gid,
			       CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING) < 0
			       ? -EPERM
			       : 0;
	return capng_apply(CAPNG_SELECT_BOTH) < 0 ? -EPERM : 0;
}
