/* SPDX-License-Identifier: ISC */
/*
 * The two things that bootd must not forget, in files of its own: the key that
 * stable addresses are computed with, and its DUID. Made at the first start, random,
 * readable by the owner alone; copy the key to other servers for them to give the
 * same addresses (the DUID must differ).
 */
#ifndef NB6_BOOTD_CONFIG_SECRET_FILE_H
#define NB6_BOOTD_CONFIG_SECRET_FILE_H

#include "bootd/rules/boot_config.h"

/*
 * Fill in config->key and config->server_duid where the configuration has them not.
 * Returns 0, or -errno with *file the one that it is about: the file can be neither read
 * nor made, or is no secret of ours (-EBADMSG).
 */
int secret_files_fill(struct boot_config *config, const char **file);

#endif
