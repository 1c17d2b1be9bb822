/* SPDX-License-Identifier: ISC */
/*
 * Reading a configuration file with libConfuse: one way to collect what is
 * wrong with it, so that -t, start-up and reload all say the same, each as
 * "FILE:LINE: what was found, what was expected".
 *
 * A daemon declares its cfg_opt_t tables, sets validators that call
 * config_error() while the line is known, and copies the parsed cfg_t into a
 * structure of its own.
 */
#ifndef NB6_DAEMON_CONFIG_H
#define NB6_DAEMON_CONFIG_H

#include <confuse.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/config_problems.h"

enum { CONFIG_EXIT_BAD = 78 }; /* EX_CONFIG of sysexits(3): what -t and start-up exit with */

/*
 * Parse `path` into `cfg` (made by cfg_init). Returns 0, or -EINVAL where the
 * file is wrong, or -errno where it cannot be read; `problems` says why.
 */
int config_parse(cfg_t *cfg, const char *path, struct config_problems *problems);

/* The text of a file, to be freed. Returns 0, or -errno and `problems` says why. */
int config_read(const char *path, char **text, struct config_problems *problems);

/* The same for a text in memory, called `name` in messages: for the command line, tests, fuzzers.
 */
int config_parse_text(
	cfg_t *cfg, const char *name, const char *text, struct config_problems *problems);

/* True if the parse that runs has found errors: then a validator builds nothing from values. */
bool config_has_errors(void);

/*
 * True if lines were left out because of their syntax: then a setting that seems to be missing may
 * be in one of them, and was reported there.
 */
bool config_has_syntax_errors(void);

/*
 * For validators, while libConfuse parses: an error at the line being read. Returns 0, for
 * libConfuse to read on and find the others; config_parse() then returns -EINVAL. The same error of
 * the same section twice in a row is reported once.
 */
int config_error(cfg_t *cfg, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Values, each returning 0 or -EINVAL.
 *   address   "2001:db8::1"
 *   endpoint  "[2001:db8::1]:69", "[::]:80"; without a port: default_port
 *   duration  "90", "90s", "10m", "1h", "7d", in seconds, 1 to 2^32-2
 */
int config_address(const char *text, struct in6_addr *address);
int config_endpoint(const char *text, uint16_t default_port, struct sockaddr_in6 *endpoint);
int config_duration(const char *text, uint32_t *seconds);

#endif
