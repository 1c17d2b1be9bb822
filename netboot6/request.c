/* SPDX-License-Identifier: ISC */
/*
 * One line goes to the control socket; one line of JSON comes back, or several: of a stream until
 * either side ends, of a long list page by page, of a capture one for each packet.
 */
#include "netboot6/request.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "daemon/paths.h"
#include "netboot6/client.h"
#include "netboot6/explain_capture.h"
#include "netboot6/pages.h"
#include "netboot6/print.h"

bool request_has(const struct request *request, enum option_id id)
{
	return (request->options & OPTION_BIT(id)) != 0;
}

const char *request_value(const struct request *request, enum option_id id)
{
	const char *value = NULL;

	for (int i = 0; i < request->n_given; i++)
		if (request->given[i].id == id)
			value = request->given[i].value;
	return value;
}

static const char *daemon_of(const struct request *request)
{
	return strcmp(request->command->daemon, "relay") == 0 ? "netboot6-relayd"
							      : "netboot6-bootd";
}

/* Only "status" says whose it is; with --control it may be the other daemon's. */
static bool is_of_other_daemon(const struct request *request, const json_t *answer)
{
	const char *daemon = json_string_value(json_object_get(answer, "daemon"));

	if (!daemon || strcmp(daemon, daemon_of(request)) == 0)
		return false;
	fprintf(stderr, "netboot6: this control socket is that of %s; expected that of %s\n", daemon,
		daemon_of(request));
	return true;
}

int request_show(const struct request *request, json_t *answer)
{
	if (request_has(request, OPTION_JSON)) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		printf("\n");
	} else {
		print_clean(answer);
		print_prune_nulls(answer);
		if (command_has(request->command, OPTION_ALL) && !request_has(request, OPTION_ALL))
			print_prune_zeros(answer);
		request->command->show(answer);
	}
	fflush(stdout);
	return json_is_false(json_object_get(answer, "ok")) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Show the answer; of a stream all answers, until the daemon ends or the reader goes. */
static int show_answers(struct client *client, const struct request *request)
{
	int status = EXIT_SUCCESS;

	do {
		json_t *answer = client_read(client);
		const char *error = json_string_value(json_object_get(answer, "error"));
		bool is_shown;

		if (!answer) {
			fprintf(stderr, "netboot6: the daemon closed the connection\n");
			return EXIT_FAILURE;
		}
		is_shown = !error && !is_of_other_daemon(request, answer);

		if (error)
			fprintf(stderr, "netboot6: %s\n", error);
		else if (is_shown)
			status = request_show(request, answer);
		json_decref(answer);
		if (!is_shown)
			return EXIT_FAILURE;
	} while (request->command->is_stream && !ferror(stdout));
	return status;
}

/* --- boot explain --capture ------------------------------------------------------- */

/* JSON has the packet's number inside, so that each line is complete. */
static void show_packet(void *arg, unsigned packet, json_t *answer)
{
	const struct request *request = arg;
	bool as_json = request_has(request, OPTION_JSON);

	if (as_json)
		json_object_set_new(answer, "packet", json_integer(packet));
	else
		printf("packet %u\n", packet);
	request_show(request, answer);
	if (!as_json)
		printf("\n");
}

/* The first word is the command; the others are attributes of the client. */
static int run_capture(struct client *client, struct request *request)
{
	return explain_capture(client, request_value(request, OPTION_CAPTURE), request->packet,
		request->n_words - 1, request->words + 1, show_packet, request);
}

/* --- asking the daemon ------------------------------------------------------------ */

static const char *control_path(const struct request *request)
{
	if (request_has(request, OPTION_CONTROL))
		return request_value(request, OPTION_CONTROL);
	return strcmp(request->command->daemon, "relay") == 0 ? PATH_RELAYD_CONTROL
							      : PATH_BOOTD_CONTROL;
}

static int run_request(struct client *client, struct request *request)
{
	int rc;

	if (request_has(request, OPTION_CAPTURE))
		return run_capture(client, request);
	rc = client_ask(client, request->n_words, request->words);
	if (rc < 0) {
		fprintf(stderr, "netboot6: cannot send the request: %s\n",
			rc == -EINVAL ? "a value is empty or has white space in it"
				      : strerror(-rc));
		return EXIT_FAILURE;
	}
	if (request->command->pages)
		return pages_show(client, request->command,
			request_has(request, OPTION_JSON)  ? PAGES_JSON
			: request_has(request, OPTION_CSV) ? PAGES_CSV
						   : PAGES_TABLE,
			request->n_words, request->words);
	return show_answers(client, request);
}

/* The group that may use the socket, or may enter its directory; NULL: it cannot be found out. */
static const char *group_of(const char *path)
{
	char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *slash = strrchr(path, '/');
	const struct group *group;
	struct stat st;

	if (stat(path, &st) < 0) {
		if (!slash || slash == path || (size_t)(slash - path) >= sizeof(directory))
			return NULL;
		snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
		if (stat(directory, &st) < 0)
			return NULL;
	}
	group = st.st_gid ? getgrgid(st.st_gid) : NULL; /* nobody joins root's */
	return group ? group->gr_name : NULL;
}

/* Why there is no connection, and what to do. */
static void print_unreachable(const struct request *request, const char *path, int rc)
{
	const char *group = rc == -EACCES ? group_of(path) : NULL;

	fprintf(stderr, "netboot6: %s: %s", path, strerror(-rc));
	if (rc == -ENOENT || rc == -ECONNREFUSED)
		fprintf(stderr, ": %s does not run, or has another control socket (--control PATH)",
			daemon_of(request));
	else if (group)
		fprintf(stderr, ": run netboot6 as root, or join the group \"%s\"", group);
	else if (rc == -EACCES)
		fprintf(stderr, ": run netboot6 as root");
	fprintf(stderr, "\n");
}

int request_run(struct request *request)
{
	const char *path = control_path(request);
	struct client client;
	int rc = client_connect(&client, path);
	int status;

	if (rc < 0) {
		print_unreachable(request, path, rc);
		return EXIT_FAILURE;
	}
	status = run_request(&client, request);
	client_close(&client);
	return status;
}
