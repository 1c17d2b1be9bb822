/* SPDX-License-Identifier: ISC */
/*
 * The two secrets of bootd that must survive a restart, each in a file: the key from which stable
 * addresses are computed, and the server's DUID. Both are created at the first start with random
 * contents, readable by the owner only. Servers with a copy of the key give the same addresses;
 * their DUIDs must differ.
 */
#ifndef NB6_BOOTD_CONFIG_SECRET_FILE_H
#define NB6_BOOTD_CONFIG_SECRET_FILE_H

#include "bootd/rules/boot_config.h"

/*
 * Fill in config->key and config->server_duid if the configuration does not set them. Returns 0,
 * or -errno and *file: the file can neither be read nor created, or its contents are not valid
 * (-EBADMSG).
 */
int secret_files_fill(struct boot_config *config, const char **file);

#endif
