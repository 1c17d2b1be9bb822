/* SPDX-License-Identifier: ISC */
/*
 * Each daemon lists its findings (daemon/findings.h). Here they are put together with what a daemon
 * cannot say itself: that it does not run, or is older than this command.
 */
#include "netboot6/doctor.h"

#include <config.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/paths.h"
#include "netboot6/client.h"
#include "netboot6/print.h"

struct daemon_place {
	const char *name, *control, *config;
};

static const struct daemon_place places[] = {
	{"netboot6-relayd", PATH_RELAYD_CONTROL, PATH_RELAYD_CONFIG},
	{"netboot6-bootd", PATH_BOOTD_CONTROL, PATH_BOOTD_CONFIG},
};

static const char *const levels[] = {"error", "warning", "note"};
enum { LEVELS = 3 };

static void add(json_t *findings, const char *level, const char *about, const char *finding,
	const char *advice)
{
	json_array_append_new(findings, json_pack("{s:s, s:s, s:s, s:s}", "level", level, "about",
						about, "finding", finding, "advice", advice));
}

/* --- asking ------------------------------------------------------------------------ */

/* NULL: it does not answer, or not as a daemon of ours does; `rc` is then why. */
static json_t *ask(const char *control, int *rc)
{
	char word[] = "doctor", *words[] = {word};
	struct client client;
	json_t *answer;

	*rc = client_connect(&client, control);
	if (*rc < 0)
		return NULL;
	*rc = client_ask(&client, 1, words);
	answer = *rc == 0 ? client_read(&client) : NULL;
	client_close(&client);
	if (*rc == 0 && !json_is_array(json_object_get(answer, "findings"))) {
		json_decref(answer);
		answer = NULL;
		*rc = -EPROTO;
	}
	return answer;
}

static void add_version(json_t *findings, const char *name, const json_t *answer)
{
	const char *version = json_string_value(json_object_get(answer, "version"));
	char text[128];

	if (version && strcmp(version, PACKAGE_VERSION) == 0)
		return;
	snprintf(text, sizeof(text),
		"the daemon that runs is version %.40s, this command is " PACKAGE_VERSION,
		version ? version : "unknown");
	add(findings, "note", name, text, "restart the daemon after an upgrade");
}

/* Returns 1 if the daemon was asked, 0 if it is not of this machine, or -errno: it was not. */
static int add_daemon(json_t *findings, const struct daemon_place *place)
{
	int rc;
	json_t *answer = ask(place->control, &rc);

	if (answer) {
		json_array_extend(findings, json_object_get(answer, "findings"));
		add_version(findings, place->name, answer);
		json_decref(answer);
		return 1;
	}
	if (rc != -ENOENT && rc != -ECONNREFUSED) {
		fprintf(stderr, "netboot6: %s: %s%s\n", place->control, strerror(-rc),
			rc == -EACCES
				? ": run netboot6 as root or as a member of the socket's group"
				: "");
		return rc;
	}
	if (!place->config || access(place->config, F_OK) < 0)
		return 0;
	add(findings, "error", place->name, "it is configured on this machine and does not run",
		"systemctl status shows why, or start it with -f");
	return 1;
}

static int add_daemons(json_t *findings, const char *control)
{
	const struct daemon_place given = {control, control, NULL};
	int asked = 0, rc = 0;

	if (control) {
		asked = add_daemon(findings, &given);
		if (asked == 0)
			fprintf(stderr, "netboot6: %s: no daemon answers\n", control);
		return asked > 0 ? 0 : -ENOENT;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && rc >= 0; i++) {
		rc = add_daemon(findings, &places[i]);
		asked += rc > 0;
	}
	if (rc >= 0 && asked == 0) {
		fprintf(stderr,
			"netboot6: neither %s nor %s exists: no daemon is configured here\n",
			places[0].config, places[1].config);
		return -ENOENT;
	}
	return rc < 0 ? rc : 0;
}

/* --- showing ----------------------------------------------------------------------- */

static size_t level_of(const json_t *finding)
{
	const char *level = json_string_value(json_object_get(finding, "level"));
	size_t i = 0;

	while (i < LEVELS - 1 && (!level || strcmp(levels[i], level) != 0))
		i++;
	return i;
}

/* The worst first; within a level in the order of the daemons. A new reference. */
static json_t *sorted(const json_t *findings, size_t count[LEVELS])
{
	json_t *all = json_array(), *finding;
	size_t i;

	for (size_t level = 0; level < LEVELS; level++)
		json_array_foreach (findings, i, finding)
			if (level_of(finding) == level) {
				json_array_append(all, finding);
				count[level]++;
			}
	return all;
}

static const char *text_of(const json_t *finding, const char *key)
{
	const char *text = json_string_value(json_object_get(finding, key));

	return text ? text : "";
}

static void print_findings(json_t *findings, const size_t count[LEVELS])
{
	json_t *finding;
	size_t i;

	print_clean(findings);
	json_array_foreach (findings, i, finding) {
		const char *advice = text_of(finding, "advice");

		printf("%-8s %s: %s\n", levels[level_of(finding)], text_of(finding, "about"),
			text_of(finding, "finding"));
		if (*advice)
			printf("         -> %s\n", advice);
	}
	if (json_array_size(findings) == 0)
		printf("no problem found\n");
	else
		printf("%zu errors, %zu warnings, %zu notes\n", count[0], count[1], count[2]);
}

int doctor_run(const char *control, bool as_json)
{
	json_t *found = json_array(), *findings;
	size_t count[LEVELS] = {0};
	int rc = add_daemons(found, control);

	findings = sorted(found, count);
	json_decref(found);
	if (rc == 0 && as_json) {
		json_t *answer = json_pack("{s:O}", "findings", findings);

		json_dumpf(answer, stdout, JSON_COMPACT);
		printf("\n");
		json_decref(answer);
	} else if (rc == 0) {
		print_findings(findings, count);
	}
	json_decref(findings);
	if (rc < 0)
		return EXIT_FAILURE;
	return count[0] > 0 ? DOCTOR_ERRORS : count[1] > 0 ? DOCTOR_WARNINGS : EXIT_SUCCESS;
}
