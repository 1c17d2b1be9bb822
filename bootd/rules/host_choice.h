/* SPDX-License-Identifier: ISC */
/*
 * Which host is it that asks? By what is most its own first: its MAC, its UUID, its DUID, and
 * last the port that it is plugged into. bootd.conf comes before the files of its directory.
 */
#ifndef NB6_BOOTD_RULES_HOST_CHOICE_H
#define NB6_BOOTD_RULES_HOST_CHOICE_H

#include "bootd/client/client_facts.h"
#include "bootd/rules/boot_config.h"

/* What a host was known by; names in host_proof_name(). */
enum host_proof { HOST_UNKNOWN, HOST_BY_MAC, HOST_BY_UUID, HOST_BY_DUID, HOST_BY_PORT };

struct host_choice {
	const struct boot_host *host; /* NULL: none */
	enum host_proof by;
};

/* `subnet` is the client's, or NULL. */
struct host_choice host_choose(const struct boot_config *config, const struct client_facts *facts,
	const struct subnet *subnet);

/* "mac", "uuid", "duid", "port"; NULL for HOST_UNKNOWN. */
const char *host_proof_name(enum host_proof by);

#endif
