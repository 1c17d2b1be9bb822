/* SPDX-License-Identifier: ISC */
/*
 * Warnings come from the facts of each certificate; which firmware accepts it is for
 * `netboot6 boot tls check` to say.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "bootd/config/conf_file.h"
#include "tls/tls_credentials.h"

enum {
	DAY_S = 86400,
	WARN_DAYS = 30, /* before a certificate expires */
};

#define WARN(where, ...) config_problem(problems, false, (where)->file, (where)->line, __VA_ARGS__)

/* --- warnings ------------------------------------------------------------------------ */

static void check_times(const struct boot_certificate *where, const struct tls_facts *facts,
	struct config_problems *problems)
{
	int64_t now = time(NULL), left = facts->not_after - now;

	if (left <= 0)
		WARN(where,
			"certificate: \"%s\" expired %lld days ago: clients with a clock refuse "
			"it; expected a new one",
			where->certificate, (long long)(-left / DAY_S));
	else if (left < (int64_t)WARN_DAYS * DAY_S)
		WARN(where,
			"certificate: \"%s\" expires in %lld day%s; expected a new one before that, "
			"and a reload",
			where->certificate, (long long)(left / DAY_S), left / DAY_S == 1 ? "" : "s");
	if (facts->not_before > now)
		WARN(where,
			"certificate: \"%s\" is valid in %lld hours only: clients with a clock "
			"refuse it until then",
			where->certificate, (long long)((facts->not_before - now + 3599) / 3600));
}

static void check_key_mode(const struct boot_certificate *where, struct config_problems *problems)
{
	const char *key = where->key ? where->key : where->certificate;
	struct stat st;

	if (stat(key, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH)))
		WARN(where,
			"key: every user of this host can read or change \"%s\"; expected access "
			"for root and bootd's group only, such as after chmod 640",
			key);
}

static bool is_valid_for(const struct tls_credentials *credentials, const char *address)
{
	size_t len = strlen(address);

	for (size_t i = 0; i < tls_credentials_count(credentials); i++) {
		const char *names = tls_credentials_at(credentials, i)->facts.names;

		for (const char *at = strstr(names, address); at; at = strstr(at + 1, address))
			if ((at == names || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
				return true;
	}
	return false;
}

/* A machine compares the host of the URL with the names of the certificate. */
static void check_rule(const struct boot_rule *rule, const struct tls_credentials *credentials,
	struct config_problems *problems)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr host;
	const char *at = rule->url + strlen("https://["), *end = strchr(rule->url, ']');

	if (strncasecmp(rule->url, "https://[", strlen("https://[")) != 0 || !end ||
		(size_t)(end - at) >= sizeof(address))
		return;
	memcpy(address, at, (size_t)(end - at));
	address[end - at] = '\0';
	if (inet_pton(AF_INET6, address, &host) != 1 ||
		!inet_ntop(AF_INET6, &host, address, sizeof(address)) ||
		is_valid_for(credentials, address))
		return;
	WARN(rule,
		"url: boot \"%s\": no certificate of https is valid for %s, so firmware refuses "
		"it; expected one with that address as a subject alternative name, such as from "
		"netboot6 boot tls init --name %s",
		rule->name, address, address);
}

static void check_certificates(const struct boot_config *config,
	const struct tls_credentials *credentials, struct config_problems *problems)
{
	for (size_t i = 0; i < config->certificates; i++) {
		const struct boot_certificate *where = &config->certificate[i];
		const struct tls_facts *facts = &tls_credentials_at(credentials, i)->facts;

		check_times(where, facts, problems);
		check_key_mode(where, problems);
		if (facts->fault)
			WARN(where, "certificate: \"%s\": %s; clients refuse it",
				where->certificate, facts->fault);
	}
	for (size_t i = 0; i < config->rules; i++)
		check_rule(&config->rule[i], credentials, problems);
}

/* --- loading ----------------------------------------------------------------------- */

static int load(const struct boot_config *config, const struct tls_credentials *before,
	struct tls_credentials **out, struct config_problems *problems)
{
	struct tls_files *files = calloc(config->certificates, sizeof(*files));
	struct tls_problem problem;
	int rc;

	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < config->certificates; i++)
		files[i] = (struct tls_files){
			config->certificate[i].certificate, config->certificate[i].key};
	rc = tls_credentials_load(out, files, config->certificates, before, &problem);
	free(files);
	if (rc < 0)
		config_problem(problems, true, config->certificate[problem.which].file,
			config->certificate[problem.which].line, "%s: %s", problem.setting,
			problem.why);
	return rc;
}

int conf_tls_load(const struct boot_config *config, const struct tls_credentials *before,
	struct tls_credentials **out, struct config_problems *problems)
{
	int rc;

	*out = NULL;
	if (config->certificates == 0)
		return 0;
	rc = load(config, before, out, problems);
	if (rc == 0)
		check_certificates(config, *out, problems);
	return rc;
}

int conf_check_tls(const struct boot_config *config, struct config_problems *problems)
{
	struct tls_credentials *credentials;
	int rc = conf_tls_load(config, NULL, &credentials, problems);

	tls_credentials_free(credentials);
	return rc;
}
