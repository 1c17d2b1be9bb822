/* SPDX-License-Identifier: ISC */
/*
 * The options of the command line. The usage text, the completions of shells and what getopt
 * accepts come from one table, and each command lists those it has (command.h).
 */
#ifndef NB6_NETBOOT6_OPTION_H
#define NB6_NETBOOT6_OPTION_H

#include <stdbool.h>
#include <stddef.h>

enum option_id {
	OPTION_JSON,
	OPTION_CONTROL,
	OPTION_CSV,
	OPTION_ALL,
	OPTION_MAC,
	OPTION_DUID,
	OPTION_IAID,
	OPTION_UUID,
	OPTION_HOST,
	OPTION_LINK,
	OPTION_ADDRESS,
	OPTION_SUBNET,
	OPTION_POOL,
	OPTION_STATE,
	OPTION_ARCH,
	OPTION_USER_CLASS,
	OPTION_VENDOR_CLASS,
	OPTION_INTERFACE_ID,
	OPTION_REMOTE_ID,
	OPTION_CAPTURE,
	OPTION_PACKET,
	OPTION_MESSAGE,
	OPTION_NAME,
	OPTION_DIRECTORY,
	OPTION_DAYS,
	OPTION_KEY,
	OPTION_CERTIFICATE,
	OPTION_HELP,
	OPTION_VERSION,
	OPTIONS
};

/* A set of options: one bit each. */
typedef unsigned option_set;
#define OPTION_BIT(id) (1U << (id))

/* Every command has these. */
#define OPTION_COMMON                                                                              \
	(OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_CONTROL) | OPTION_BIT(OPTION_HELP) |          \
		OPTION_BIT(OPTION_VERSION))

struct option_row {
	const char *name;  /* without the dashes */
	const char *value; /* placeholder of its value, "MAC"; NULL: it has none */
	const char *help;
	bool is_attribute; /* sent to the daemon as the word "name=value" */
};

extern const struct option_row option_table[OPTIONS];

/* OPTIONS: there is none of this name (of which `len` octets count). */
enum option_id option_find(const char *name, size_t len);

#endif
