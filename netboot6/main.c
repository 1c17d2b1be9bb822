/* SPDX-License-Identifier: ISC */
/*
 * netboot6, the operator's command. It sends one request to the control socket of a running
 * relayd or bootd and prints the answer, or the answers of a stream.
 *
 * The command line is read in three steps: options, the command, then its arguments, each held
 * against the tables in command.c and option.c. A request is a line of words, such as
 * "leases subnet=2001:db8:1::/64".
 *
 * Exit status: 0; 1 if the daemon refuses or does not answer; 2 for a wrong command line.
 */
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/paths.h"
#include "netboot6/client.h"
#include "netboot6/command.h"
#include "netboot6/explain_capture.h"
#include "netboot6/pages.h"
#include "netboot6/print.h"
#include "netboot6/usage.h"

enum { EXIT_USAGE = 2, WORDS_MAX = 32, GIVEN_MAX = 24, ATTRIBUTE_SIZE = 256 };
enum { GETOPT_FIRST = 256 }; /* what getopt_long() returns for option 0: no character */

/* What the command line asks for. */
struct request {
	const struct command *command;
	option_set options; /* those given; an option may come several times: */
	int n_given;
	struct {
		enum option_id id;
		const char *value;
	} given[GIVEN_MAX];
	int n_words; /* of the request to the daemon */
	char *words[WORDS_MAX];
	char attribute[GIVEN_MAX][ATTRIBUTE_SIZE]; /* "mac=52:54:00:12:34:56" */
	char *message;   /* "message=" and a datagram in hexadecimal, to be freed; NULL: none */
	unsigned packet; /* the one of the capture to ask about; 0: each */
};

static bool has(const struct request *request, enum option_id id)
{
	return (request->options & OPTION_BIT(id)) != 0;
}

/* The value of an option, the last one if it came several times; NULL: not given. */
static const char *value_of(const struct request *request, enum option_id id)
{
	const char *value = NULL;

	for (int i = 0; i < request->n_given; i++)
		if (request->given[i].id == id)
			value = request->given[i].value;
	return value;
}

static void show(const struct request *request, json_t *answer)
{
	if (has(request, OPTION_JSON)) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		printf("\n");
	} else {
		print_clean(answer);
		if (command_has(request->command, OPTION_ALL) && !has(request, OPTION_ALL))
			print_prune_zeros(answer);
		request->command->show(answer);
	}
	fflush(stdout);
}

/* Show the answer; of a stream all answers, until the daemon ends or the reader goes. */
static int show_answers(struct client *client, const struct request *request)
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
			show(request, answer);
		json_decref(answer);
		if (error)
			return EXIT_FAILURE;
	} while (request->command->is_stream && !ferror(stdout));
	return EXIT_SUCCESS;
}

/* --- boot explain --capture ------------------------------------------------------- */

/* JSON has the packet's number inside, so that each line is complete. */
static void show_packet(void *arg, unsigned packet, json_t *answer)
{
	const struct request *request = arg;
	bool as_json = has(request, OPTION_JSON);

	if (as_json)
		json_object_set_new(answer, "packet", json_integer(packet));
	else
		printf("packet %u\n", packet);
	show(request, answer);
	if (!as_json)
		printf("\n");
}

/* The first word is the command; the others are attributes of the client. */
static int run_capture(struct client *client, struct request *request)
{
	return explain_capture(client, value_of(request, OPTION_CAPTURE), request->packet,
		request->n_words - 1, request->words + 1, show_packet, request);
}

/* --- asking the daemon ------------------------------------------------------------ */

static const char *control_path(const struct request *request)
{
	if (has(request, OPTION_CONTROL))
		return value_of(request, OPTION_CONTROL);
	return strcmp(request->command->daemon, "relay") == 0 ? PATH_RELAYD_CONTROL
							      : PATH_BOOTD_CONTROL;
}

static int run_request(struct client *client, struct request *request)
{
	int rc;

	if (has(request, OPTION_CAPTURE))
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
			has(request, OPTION_JSON)  ? PAGES_JSON
			: has(request, OPTION_CSV) ? PAGES_CSV
						   : PAGES_TABLE,
			request->n_words, request->words);
	return show_answers(client, request);
}

/* Why there is no connection, and what to look at. */
static const char *connect_hint(int rc)
{
	switch (rc) {
	case -ENOENT:
	case -ECONNREFUSED:
		return ": is the daemon running, with this control socket?";
	case -EACCES:
		return ": run netboot6 as root or as a member of the socket's group";
	default:
		return "";
	}
}

static int run(struct request *request)
{
	const char *path = control_path(request);
	struct client client;
	int rc = client_connect(&client, path);
	int status;

	if (rc < 0) {
		fprintf(stderr, "netboot6: %s: %s%s\n", path, strerror(-rc), connect_hint(rc));
		return EXIT_FAILURE;
	}
	status = run_request(&client, request);
	client_close(&client);
	return status;
}

/* --- the command line ------------------------------------------------------------- */

static int refuse_argument(const struct command *command, const char *argument)
{
	fprintf(stderr, "netboot6: %s %s takes no argument \"%s\"", command->daemon, command->name,
		argument);
	if (command->argument)
		fprintf(stderr, " after %s", command->argument);
	fprintf(stderr, "\n");
	return EXIT_USAGE;
}

/* "mac=..." in place of "--mac ...". */
static bool is_attribute(const struct command *command, const char *word)
{
	size_t len = strcspn(word, "=");
	enum option_id id = option_find(word, len);

	return word[len] == '=' && id < OPTIONS && option_table[id].is_attribute &&
	       command_has(command, id);
}

static int refuse_more(void)
{
	fprintf(stderr, "netboot6: too many options and arguments\n");
	return EXIT_USAGE;
}

static int add_word(struct request *request, char *word)
{
	if (request->n_words == WORDS_MAX - 1) /* one is left for pages_show() */
		return refuse_more();
	request->words[request->n_words++] = word;
	return EXIT_SUCCESS;
}

static int add_arguments(struct request *request, int n, char *words[])
{
	const struct command *command = request->command;
	bool has_argument = false;
	int status = EXIT_SUCCESS;

	for (int i = 0; i < n && status == EXIT_SUCCESS; i++) {
		if (!is_attribute(command, words[i])) {
			if (!command->argument || has_argument)
				return refuse_argument(command, words[i]);
			has_argument = true;
		}
		status = add_word(request, words[i]);
	}
	if (status == EXIT_SUCCESS && command->argument && !has_argument) {
		fprintf(stderr, "netboot6: %s %s: expected %s\n", command->daemon, command->name,
			command->argument);
		return EXIT_USAGE;
	}
	return status;
}

/* A message is as long as a datagram, which no other attribute is. */
static int add_message(struct request *request, const char *hex)
{
	if (request->message) {
		fprintf(stderr, "netboot6: --message: expected once\n");
		return EXIT_USAGE;
	}
	if (asprintf(&request->message, "message=%s", hex) < 0) {
		request->message = NULL;
		fprintf(stderr, "netboot6: %s\n", strerror(ENOMEM));
		return EXIT_FAILURE;
	}
	return add_word(request, request->message);
}

static int add_attribute(struct request *request, int i)
{
	enum option_id id = request->given[i].id;
	const char *name = option_table[id].name, *value = request->given[i].value;

	if (id == OPTION_MESSAGE)
		return add_message(request, value);
	if (strlen(name) + strlen(value) + 2 > ATTRIBUTE_SIZE) {
		fprintf(stderr, "netboot6: --%s: the value is too long\n", name);
		return EXIT_USAGE;
	}
	sprintf(request->attribute[i], "%s=%s", name, value);
	return add_word(request, request->attribute[i]);
}

static int read_packet_number(struct request *request)
{
	const char *text = value_of(request, OPTION_PACKET);
	char *end;
	unsigned long number = text ? strtoul(text, &end, 10) : 0;

	if (text && (number == 0 || number > UINT_MAX || *end)) {
		fprintf(stderr, "netboot6: --packet %s: expected a number from 1\n", text);
		return EXIT_USAGE;
	}
	request->packet = (unsigned)number;
	return EXIT_SUCCESS;
}

/* Each option given must be one of the command's. */
static int add_options(struct request *request)
{
	int status = EXIT_SUCCESS;

	for (int i = 0; i < request->n_given && status == EXIT_SUCCESS; i++) {
		enum option_id id = request->given[i].id;

		if (!command_has(request->command, id)) {
			usage_wrong_option(request->command, id);
			return EXIT_USAGE;
		}
		if (option_table[id].is_attribute)
			status = add_attribute(request, i);
	}
	return status == EXIT_SUCCESS ? read_packet_number(request) : status;
}

/* getopt_long() explains nothing itself: we know the nearest name. */
static int refuse_option(int option, char *const argv[])
{
	if (option == ':')
		fprintf(stderr, "netboot6: %s: expected a value\n", argv[optind - 1]);
	else if (optopt >= GETOPT_FIRST)
		fprintf(stderr, "netboot6: --%s takes no value\n",
			option_table[optopt - GETOPT_FIRST].name);
	else
		usage_unknown_option(argv[optind - 1]);
	return EXIT_USAGE;
}

static int read_options(int argc, char *argv[], struct request *request)
{
	struct option options[OPTIONS + 1] = {0};
	int option;

	for (int i = 0; i < OPTIONS; i++)
		options[i] = (struct option){option_table[i].name,
			option_table[i].value ? required_argument : no_argument, NULL,
			GETOPT_FIRST + i};
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":hV", options, NULL)) != -1) {
		enum option_id id = option == 'h'   ? OPTION_HELP
				    : option == 'V' ? OPTION_VERSION
						    : (enum option_id)(option - GETOPT_FIRST);

		if (option == '?' || option == ':')
			return refuse_option(option, argv);
		if (request->n_given == GIVEN_MAX)
			return refuse_more();
		request->options |= OPTION_BIT(id);
		request->given[request->n_given].id = id;
		request->given[request->n_given++].value = optarg;
	}
	return EXIT_SUCCESS;
}

/* Finds the command, or says which there are. */
static int read_command(struct request *request, int n, char *words[])
{
	if (n == 0) {
		usage_print();
		return EXIT_USAGE;
	}
	if (strcmp(words[0], "relay") != 0 && strcmp(words[0], "boot") != 0) {
		usage_unknown_daemon(words[0]);
		return EXIT_USAGE;
	}
	request->command = command_find(words[0], n > 1 ? words[1] : "");
	if (!request->command) {
		usage_unknown_command(words[0], n > 1 ? words[1] : "");
		return EXIT_USAGE;
	}
	return EXIT_SUCCESS;
}

static int print_help(struct request *request, int n, char *words[])
{
	int status = n > 0 ? read_command(request, n, words) : EXIT_SUCCESS;

	if (status != EXIT_SUCCESS)
		return status;
	if (request->command)
		usage_print_command(request->command);
	else
		usage_print();
	return EXIT_SUCCESS;
}

static int print_completion(const char *shell)
{
	if (usage_print_completion(shell) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "netboot6: completion: expected bash, zsh or fish\n");
	return EXIT_USAGE;
}

/* What needs no daemon. Returns an exit status, or -1: go on. */
static int run_alone(struct request *request, int n, char *words[])
{
	if (has(request, OPTION_VERSION)) {
		printf("netboot6 %s\n", PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	if (n > 0 && strcmp(words[0], "help") == 0)
		return print_help(request, n - 1, words + 1);
	if (has(request, OPTION_HELP))
		return print_help(request, n, words);
	if (n > 0 && strcmp(words[0], "completion") == 0)
		return print_completion(n > 1 ? words[1] : "");
	return -1;
}

int main(int argc, char *argv[])
{
	struct request request = {0};
	int status = read_options(argc, argv, &request);
	char **words = argv + optind;
	int n = argc - optind;

	if (status != EXIT_SUCCESS)
		return status;
	status = run_alone(&request, n, words);
	if (status >= 0)
		return status;
	status = read_command(&request, n, words);
	if (status == EXIT_SUCCESS)
		status = add_word(&request, words[1]);
	if (status == EXIT_SUCCESS)
		status = add_arguments(&request, n - 2, words + 2);
	if (status == EXIT_SUCCESS)
		status = add_options(&request);
	if (status == EXIT_SUCCESS)
		status = run(&request);
	free(request.message);
	return status;
}
