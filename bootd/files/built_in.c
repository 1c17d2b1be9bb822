/* SPDX-License-Identifier: ISC */
#include "bootd/files/built_in.h"

#include <string.h>

#include "bootd/files/scripts.h"

const char *built_in_script(const char *path, size_t *len)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (strcmp(name, "autoexec.ipxe") == 0) {
		*len = strlen(script_autoexec);
		return script_autoexec;
	}
	if (strcmp(path, "boot.ipxe") == 0 || strcmp(path, "/boot.ipxe") == 0) {
		*len = strlen(script_boot);
		return script_boot;
	}
	return NULL;
}
