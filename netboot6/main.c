/* SPDX-License-Identifier: ISC */
/*
 * netboot6, the operator's command: asks a running relayd or bootd and shows
 * the answer.
 *
 * Exit status: 0, 1 where the daemon says no or is not there, 2 for a command
 * line that cannot be understood.
 */
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/paths.h"
#include "netboot6/client.h"
#include "netboot6/command.h"
#include "netboot6/explain_capture.h"
#include "netboot6/pages.h"

enum { EXIT_USAGE = 2, WORDS_MAX = 32, FACTS_MAX = 16, FACT_SIZE = 256 };

static void print_help(void)
{
	printf("usage: netboot6 [--json] [--control PATH] relay|boot COMMAND [ARGUMENT...]\n\n");
	command_print_all();
	printf("\n  --json          the answer as the daemon gives it, a line of JSON\n"
	       "  --csv           leases as comma-separated values\n"
	       "  --control PATH  its control socket [" PATH_RELAYD_CONTROL ",\n"
	       "                  " PATH_BOOTD_CONTROL "]\n");
}

static void show(const struct command *command, const json_t *answer, bool as_json)
{
	if (as_json) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		printf("\n");
	} else {
		command->show(answer);
	}
	fflush(stdout);
}

/* Show the answer, or all of them until the daemon ends or the reader goes. */
static int show_answers(struct client *client, const struct command *command, bool as_json)
{
	do {
		json_t *answer = client_read(client);
		const char *error = json_string_value(json_object_get(answer, "error"));

		if (!answer) {
			fprintf(stderr, "netboot6: the daemon closed the connection\n");
			return EXIT_FAILURE;
		}
		if (error)
			fprintf(stderr, "netboot6: %s\n", error);
		else
			show(command, answer, as_json);
		json_decref(answer);
		if (error)
			return EXIT_FAILURE;
	} while (command->stream && !ferror(stdout));
	return EXIT_SUCCESS;
}

/* What the command line asks for. */
struct request {
	const char *path;
	bool as_json, as_csv;
	int n_words;
	char *words[WORDS_MAX];
	int n_facts;
	char fact[FACTS_MAX][FACT_SIZE];
	const char *capture; /* the file whose packets are asked about; NULL: none */
	unsigned packet;     /* the one; 0: each */
	char *message;       /* "message=" and a datagram in hexadecimal; NULL: none */
};

struct capture_view {
	const struct command *command;
	bool as_json;
};

/* JSON has the number inside, for each line to be complete. */
static void show_packet(void *arg, unsigned packet, json_t *answer)
{
	const struct capture_view *view = arg;

	if (view->as_json)
		json_object_set_new(answer, "packet", json_integer(packet));
	else
		printf("packet %u\n", packet);
	show(view->command, answer, view->as_json);
	if (!view->as_json)
		printf("\n");
}

/* The first word is the command, which has no other ones but facts. */
static int run_capture(
	struct client *client, const struct command *command, struct request *request)
{
	struct capture_view view = {command, request->as_json};

	return explain_capture(client, request->capture, request->packet, request->n_words - 1,
		request->words + 1, show_packet, &view);
}

static int run(const struct command *command, struct request *request)
{
	struct client client;
	int rc = client_connect(&client, request->path);
	int status;

	if (rc < 0) {
		fprintf(stderr, "netboot6: %s: %s%s\n", request->path, strerror(-rc),
			rc == -ENOENT || rc == -ECONNREFUSED ? ": is the daemon running?" : "");
		return EXIT_FAILURE;
	}
	if (request->capture) {
		status = run_capture(&client, command, request);
		client_close(&client);
		return status;
	}
	rc = client_ask(&client, request->n_words, request->words);
	if (rc < 0)
		fprintf(stderr, "netboot6: the request cannot be sent: %s\n", strerror(-rc));
	if (rc < 0)
		status = EXIT_FAILURE;
	else if (command->pages)
		status = pages_show(&client, command,
			request->as_json  ? PAGES_JSON
			: request->as_csv ? PAGES_CSV
					  : PAGES_TABLE,
			request->n_words, request->words);
	else
		status = show_answers(&client, command, request->as_json);
	client_close(&client);
	return status;
}

static void add_word(struct request *request, char *word)
{
	if (request->n_words < WORDS_MAX - 1) /* one is for a page's */
		request->words[request->n_words++] = word;
}

/* `--mac M` of boot explain and relay trace is the word `mac=M`. */
static void add_fact(struct request *request, const char *name, const char *value)
{
	if (request->n_facts < FACTS_MAX)
		snprintf(request->fact[request->n_facts++], FACT_SIZE, "%s=%s", name, value);
}

/* Returns -1, or what to exit with at once. */
static int read_options(int argc, char *argv[], struct request *request)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"csv", no_argument, NULL, 's'},
		{"control", required_argument, NULL, 'c'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{"subnet", required_argument, NULL, 'f'},
		{"mac", required_argument, NULL, 'f'},
		{"arch", required_argument, NULL, 'f'},
		{"uuid", required_argument, NULL, 'f'},
		{"user-class", required_argument, NULL, 'f'},
		{"vendor-class", required_argument, NULL, 'f'},
		{"interface-id", required_argument, NULL, 'f'},
		{"remote-id", required_argument, NULL, 'f'},
		{"duid", required_argument, NULL, 'f'},
		{"link", required_argument, NULL, 'f'},
		{"address", required_argument, NULL, 'f'},
		{"capture", required_argument, NULL, 'C'},
		{"packet", required_argument, NULL, 'P'},
		{"message", required_argument, NULL, 'M'},
		{"pool", required_argument, NULL, 'f'},
		{"host", required_argument, NULL, 'f'},
		{"state", required_argument, NULL, 'f'},
		{NULL, 0, NULL, 0},
	};
	int option, index = 0;

	while ((option = getopt_long(argc, argv, "Vh", options, &index)) != -1) {
		switch (option) {
		case 'j':
			request->as_json = true;
			break;
		case 's':
			request->as_csv = true;
			break;
		case 'c':
			request->path = optarg;
			break;
		case 'f':
			add_fact(request, options[index].name, optarg);
			break;
		case 'C':
			request->capture = optarg;
			break;
		case 'P':
			request->packet = (unsigned)strtoul(optarg, NULL, 10);
			if (request->packet == 0) {
				fprintf(stderr, "netboot6: --packet %s: expected a number from 1\n",
					optarg);
				return EXIT_USAGE;
			}
			break;
		case 'M':
			free(request->message);
			if (asprintf(&request->message, "message=%s", optarg) < 0)
				return EXIT_FAILURE;
			break;
		case 'V':
			printf("netboot6 %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			print_help();
			return EXIT_SUCCESS;
		default:
			return EXIT_USAGE;
		}
	}
	return -1;
}

int main(int argc, char *argv[])
{
	struct request request = {0};
	const struct command *command;
	int status = read_options(argc, argv, &request);

	if (status >= 0)
		return status;
	command = argc - optind >= 2 ? command_find(argv[optind], argv[optind + 1]) : NULL;
	if (!command) {
		fprintf(stderr, "netboot6: which command? netboot6 --help lists them\n");
		return EXIT_USAGE;
	}
	if (request.as_csv && !command->show_csv) {
		fprintf(stderr, "netboot6: %s %s has no --csv\n", command->daemon, command->name);
		return EXIT_USAGE;
	}
	if (!request.path)
		request.path = strcmp(command->daemon, "relay") == 0
				       ? PATH_RELAYD_CONTROL
				       : PATH_BOOTD_CONTROL;
	for (int i = optind + 1; i < argc; i++)
		add_word(&request, argv[i]);
	for (int i = 0; i < request.n_facts; i++)
		add_word(&request, request.fact[i]);
	if (request.message)
		add_word(&request, request.message);
	if (request.capture && strcmp(command->name, "explain") != 0) {
		fprintf(stderr, "netboot6: --capture is for boot explain\n");
		return EXIT_USAGE;
	}
	status = run(command, &request);
	free(request.message);
	return status;
}
