/* SPDX-License-Identifier: ISC */
/* What a connection URI may be, and what may be shown of it. */
#include <arpa/inet.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "bootd/leases/postgresql_store.h"

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0 && options->val && *options->val)
			return options->val;
	return NULL;
}

/* An address or a socket's directory: nothing that a name server has to be asked for. */
static bool is_at_hand(const char *host, size_t len)
{
	char text[INET6_ADDRSTRLEN + 20], *scope;
	struct in6_addr address;

	if (len == 0 || host[0] == '/' || host[0] == '@')
		return true;
	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	scope = strchr(text, '%');
	if (scope)
		*scope = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 || inet_pton(AF_INET, text, &address) == 1;
}

static int check_hosts(const char *hosts, char why[POSTGRESQL_WHY])
{
	while (hosts && *hosts) {
		size_t len = strcspn(hosts, ",");

		if (!is_at_hand(hosts, len)) {
			snprintf(why, POSTGRESQL_WHY,
				"host \"%.*s\": expected an address or a socket's directory, or a "
				"hostaddr beside the name: no name is looked up while machines "
				"wait",
				(int)len, hosts);
			return -EINVAL;
		}
		hosts += len + (hosts[len] == ',');
	}
	return 0;
}

int postgresql_url_check(const char *url, char name[POSTGRESQL_NAME], char why[POSTGRESQL_WHY])
{
	char *error = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &error);
	const char *host, *port, *database;
	int rc;

	snprintf(name, POSTGRESQL_NAME, "postgresql");
	if (!options) {
		snprintf(why, POSTGRESQL_WHY, "%.*s", error ? (int)strcspn(error, "\n") : 9,
			error ? error : "no memory");
		PQfreemem(error);
		return -EINVAL;
	}
	host = value_of(options, "host");
	port = value_of(options, "port");
	database = value_of(options, "dbname");
	snprintf(name, POSTGRESQL_NAME, "postgresql %s%s%s%s%s", database ? database : "",
		host ? " at " : "", host ? host : "", port ? " port " : "", port ? port : "");
	rc = value_of(options, "hostaddr") ? 0 : check_hosts(host, why);
	PQconninfoFree(options);
	return rc;
}
