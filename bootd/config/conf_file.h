/* SPDX-License-Identifier: ISC */
/*
 * From bootd.conf to a struct boot_config: parse the file and check each value (conf_syntax.h),
 * build the config, check it as a whole (conf_check.h). A file with an error yields no config.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_FILE_H
#define NB6_BOOTD_CONFIG_CONF_FILE_H

#include "bootd/rules/boot_config.h"
#include "daemon/config.h"

/*
 * Returns 0 and *out, to be freed with boot_config_free(); or -errno (-EINVAL: the
 * file has errors). `problems` gets the errors, and warnings in either case.
 */
int conf_file_load(const char *path, struct boot_config **out, struct config_problems *problems);

/* The same for a text in memory, called `name` in messages. */
int conf_text_load(const char *name, const char *text, struct boot_config **out,
	struct config_problems *problems);

#endif
