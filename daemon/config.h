/* SPDX-License-Identifier: ISC */
/*
 * Reading a configuration file: one way to collect what is wrong with it, so that -t, the start
 * and a reload all say the same, each as "FILE:LINE: what was found, what was expected".
 *
 * A daemon declares its settings and sets check functions (config_tree.h), which call
 * config_error() while the line is known, and copies the tree into a structure of its own.
 *
 * The project reads its files itself: the common libraries stop at the first error, and what they
 * say does not name what was expected; some crash when there is no memory.
 */
#ifndef NB6_DAEMON_CONFIG_H
#define NB6_DAEMON_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/config_problems.h"
#include "daemon/config_tree.h"

enum { CONFIG_EXIT_BAD = 78 }; /* EX_CONFIG of sysexits(3): what -t and start-up exit with */

/*
 * Parse `path` into a new tree. Returns 0, or -EINVAL if the file is wrong, or -errno if it cannot
 * be read; `problems` says why. Without memory and after an error of a check function it returns
 * that -errno, and `problems` may be empty.
 */
int config_parse(
	struct config_section *file, const char *path, struct config_problems *problems);

/* The text of a file, to be freed. Returns 0, or -errno and `problems` says why. */
int config_read(const char *path, char **text, struct config_problems *problems);

/* The same for a text in memory, called `name` in messages, which must outlive the tree. */
int config_parse_text(struct config_section *file, const char *name, const char *text,
	struct config_problems *problems);

/* True if the parse that runs has found errors: then a check function builds nothing from values. */
bool config_has_errors(const struct config_section *section);

/*
 * True if lines were left out because of their syntax: then a setting that seems to be missing may
 * be in one of them, and was reported there.
 */
bool config_has_syntax_errors(const struct config_section *section);

/*
 * For check functions: an error at the line being read. Returns 0, so that reading goes on and
 * finds the other errors; config_parse() then returns -EINVAL.
 */
int config_error(struct config_section *section, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

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
