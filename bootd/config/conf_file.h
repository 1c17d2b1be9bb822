/* SPDX-License-Identifier: ISC */
/*
 * bootd.conf: read, checked as a whole, and checked against the machine that it is for. A file with
 * an error yields no config. conf_read.h has the steps of reading.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_FILE_H
#define NB6_BOOTD_CONFIG_CONF_FILE_H

#include "bootd/rules/boot_config.h"
#include "daemon/config.h"

/* --- reading: conf_file.c -------------------------------------------------------------- */

/*
 * Returns 0 and *out, to be freed with boot_config_free(); or -errno (-EINVAL: the
 * file has errors). `problems` gets the errors, and warnings in either case.
 */
int conf_file_load(const char *path, struct boot_config **out, struct config_problems *problems);

/* The same for a text in memory, called `name` in messages. */
int conf_text_load(const char *name, const char *text, struct boot_config **out,
	struct config_problems *problems);

/* --- the configuration as a whole: conf_check.c, conf_check_rules.c -------------------- */

/*
 * Errors and warnings about a configuration, each value of which is valid: a URL that the firmware
 * of its rule cannot read, a pool that contains addresses of another subnet, a rule that can never
 * match. Returns 0, perhaps with warnings, or -EINVAL if there are errors.
 */
int conf_check(const struct boot_config *config, struct config_problems *problems);

/* The same for the boot rules; part of conf_check(). */
int conf_check_rules(const struct boot_config *config, struct config_problems *problems);

/* Warnings about one host, of bootd.conf or of a file in hosts-directory. */
void conf_check_host(const struct boot_config *config, const struct boot_host *host,
	struct config_problems *problems);

/* --- the machine that it is for: conf_environment.c ------------------------------------ */

/*
 * An error if `root` cannot be opened; a warning for each boot rule whose URL leads to this server
 * and names a file that is not there, that `user` cannot read, or that firmware will refuse: an
 * empty one, an EFI program that was cut off, or one for another processor. Returns 0 or -EINVAL.
 */
int conf_check_files(const struct boot_config *config, struct config_problems *problems);

/* A warning for each name in `listen` and `interface` that no link of this host has now. */
void conf_check_links(const struct boot_config *config, struct config_problems *problems);

/* --- certificates: conf_tls.c ---------------------------------------------------------- */

/*
 * The certificates of https. A certificate that expires soon, or that clients will refuse, is a
 * warning: machines may have no clock, and a boot server that does not start helps nobody.
 *
 * Returns 0 and *out, which is NULL if there is no https section; or -errno and an error in
 * `problems`. `before` are the credentials in use, or NULL (tls_certificate_load()).
 */
struct tls_credentials;
int conf_tls_load(const struct boot_config *config, const struct tls_credentials *before,
	struct tls_credentials **out, struct config_problems *problems);

/* For -t: load, report and forget. */
int conf_check_tls(const struct boot_config *config, struct config_problems *problems);

/* --- secrets: secret_file.c ------------------------------------------------------------ */

/*
 * Two secrets of bootd must survive a restart, each in a file: the key from which stable addresses
 * are computed, and the server's DUID. Both are created at the first start with random contents,
 * readable by the owner only. Servers with a copy of the key give the same addresses; their DUIDs
 * must differ.
 *
 * Fill in config->key and config->server_duid if the configuration does not set them. Returns 0,
 * or -errno and *file: the file can neither be read nor created, or its contents are not valid
 * (-EBADMSG).
 */
int secret_files_fill(struct boot_config *config, const char **file);

#endif
