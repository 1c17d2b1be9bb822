/* SPDX-License-Identifier: ISC */
/*
 * Conditions on a client, which boot rules and the classes of a subnet share. A rule matches a
 * client when all of its conditions are met; a condition without values is always met.
 *
 * A condition has one or more values, each of them positive ("x64-uefi") or negated
 * ("!x64-uefi"). It is met when the client has at least one of the positive values (or there are
 * none) and none of the negated ones. A client of which nothing is known has no value at all, so
 * it meets negated values only.
 *
 * condition_kinds.c has one table row per kind of condition: name, syntax, how a value is built
 * from its text, whether a client has it, and whether one value covers another. All other code,
 * also that of the syntax of bootd.conf, iterates over that table: a new condition is a new row.
 */
#ifndef NB6_BOOTD_RULES_CONDITIONS_H
#define NB6_BOOTD_RULES_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcp6/identity.h"
#include "dhcp6/prefix.h"

struct boot_host;
struct client_facts;

/* In the order in which they are checked, which is the order in which explain names them. */
enum condition_kind {
	CONDITION_ARCH,
	CONDITION_USER_CLASS,
	CONDITION_VENDOR_CLASS,
	CONDITION_HOST,
	CONDITION_GROUP,
	CONDITION_MAC,
	CONDITION_UUID,
	CONDITION_SUBNET,
	CONDITION_INTERFACE_ID,
	CONDITION_REMOTE_ID,
	CONDITION_KINDS,
};

/* Octets to compare with: all of them, or only their start if the text ended in '*'. */
struct text_pattern {
	char *text; /* not NUL-terminated */
	size_t len;
	bool is_start;
};

struct condition_value {
	bool is_negated;
	bool of_group; /* arch: it was given by the name of a group such as "uefi" */
	union {
		uint16_t arch;
		struct text_pattern pattern; /* user-class, vendor-class, host, group, *-id */
		struct {
			uint8_t octets[DHCP6_MAC_LEN];
			uint8_t len; /* octets that are compared: 1 to 6 */
		} mac;
		uint8_t uuid[DHCP6_UUID_LEN];
		struct prefix subnet;
	};
};

struct condition {
	struct condition_value *value;
	size_t values;
};

struct conditions {
	struct condition of[CONDITION_KINDS];
};

/* The name of its setting in bootd.conf: "user-class". */
const char *condition_name(enum condition_kind kind);
/* What a value must look like, for error messages: "a UUID such as ...". */
const char *condition_syntax(enum condition_kind kind);
/* Classes have all conditions but `subnet`: they belong to one. */
bool condition_is_in_class(enum condition_kind kind);
/* The kind whose setting has this name. "not-NAME" is one as well: all of its values are negated.
 * False: there is none. */
bool condition_named(const char *name, enum condition_kind *kind, bool *is_negated);

/*
 * Adds the value `text` to the condition. A leading '!' negates it; the name of a group of
 * architectures adds several values. Returns 0; -EINVAL if the text is no value of this kind, or
 * is negated twice; -ENOMEM. On failure nothing is added.
 */
int conditions_add(
	struct conditions *when, enum condition_kind kind, const char *text, bool is_negated);
void conditions_fini(struct conditions *when);

/*
 * The name of the first condition that the client does not meet; NULL if it meets all.
 * subnet, host  those of the client, or NULL
 */
const char *conditions_unmet(const struct conditions *when, const struct client_facts *facts,
	const struct prefix *subnet, const struct boot_host *host);

/*
 * True if every client that meets `b` also meets `a`, so that a rule with `b` behind one with `a`
 * never matches. False if this cannot be proved.
 */
bool conditions_cover(const struct conditions *a, const struct conditions *b);

/* Does this architecture meet the condition `arch`? 9 meets it if 7 (x64-uefi) does. */
bool conditions_allow_arch(const struct conditions *when, uint16_t code);

/* The only value of the condition, if it has exactly one and that is positive; else NULL. */
const struct condition_value *conditions_only_value(
	const struct conditions *when, enum condition_kind kind);

/* An architecture by its name ("x64-uefi") or its number. Returns 0 or -EINVAL. */
int arch_code_read(const char *text, uint16_t *code);

/*
 * A pattern: text, or octets in hexadecimal ("0x00ff"), or the start of a text ("vlan*"). Returns
 * 0 and a pattern whose text is to be freed; -EINVAL for an empty text or bad hexadecimal digits;
 * -ENOMEM.
 */
bool text_pattern_matches(const struct text_pattern *pattern, const void *octets, size_t len);
int text_pattern_read(const char *text, struct text_pattern *pattern);

/* --- between conditions.c and condition_kinds.c ------------------------------- */

/* The client that conditions are compared with. */
struct condition_candidate {
	const struct client_facts *facts;
	const struct prefix *subnet;
	const struct boot_host *host;
};

struct condition_row {
	const char *name, *syntax;
	/* Appends a copy of *base for each value that the text stands for. 0, -EINVAL, -ENOMEM. */
	int (*build)(
		struct condition *condition, const char *text, const struct condition_value *base);
	bool (*matches)(const struct condition_value *value, const struct condition_candidate *c);
	/* True only if every client that has value b has value a. NULL: never. */
	bool (*covers)(const struct condition_value *a, const struct condition_value *b);
	void (*release)(struct condition_value *value); /* NULL: a value owns no memory */
	bool in_class;
};

const struct condition_row *condition_row(enum condition_kind kind);

#endif
