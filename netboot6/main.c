/* SPDX-License-Identifier: ISC */
/*
 * netboot6, the operator's command. It sends one request to the control socket of a running
 * relayd or bootd and prints the answer, or the answers of a stream (request.c).
 *
 * The command line is read in three steps: options, the command, then its arguments, each held
 * against the tables in command.c and option.c. A request is a line of words, such as
 * "leases subnet=2001:db8:1::/64".
 *
 * Exit status: 0; 1 if the daemon refuses or does not answer; 2 for a wrong command line.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netboot6/doctor.h"
#include "netboot6/request.h"
#include "netboot6/tls_command.h"
#include "netboot6/usage.h"

enum { EXIT_USAGE = 2 };
enum { GETOPT_FIRST = 256 }; /* what getopt_long() returns for option 0: no character */

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
	if (request->n_words == REQUEST_WORDS_MAX - 1) /* one is left for pages_show() */
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
	if (strlen(name) + strlen(value) + 2 > REQUEST_ATTRIBUTE_SIZE) {
		fprintf(stderr, "netboot6: --%s: the value is too long\n", name);
		return EXIT_USAGE;
	}
	sprintf(request->attribute[i], "%s=%s", name, value);
	return add_word(request, request->attribute[i]);
}

static int read_packet_number(struct request *request)
{
	const char *text = request_value(request, OPTION_PACKET);
	char *end;
	unsigned long number = text ? strtoul(text, &end, 10) : 0;

	if (text && (number == 0 || number > UINT_MAX || *end)) {
		fprintf(stderr, "netboot6: --packet %s: expected a number from 1\n", text);
		return EXIT_USAGE;
	}
	request->packet = (unsigned)number;
	return EXIT_SUCCESS;
}

static int refuse_both(const char *one, const char *other)
{
	fprintf(stderr, "netboot6: %s and %s exclude each other; expected one of them\n", one,
		other);
	return EXIT_USAGE;
}

/* Options that would say nothing, or two things. */
static int check_together(const struct request *request)
{
	if (request_has(request, OPTION_PACKET) && !request_has(request, OPTION_CAPTURE)) {
		fprintf(stderr, "netboot6: --packet: expected --capture FILE too\n");
		return EXIT_USAGE;
	}
	if (request_has(request, OPTION_CAPTURE) && request_has(request, OPTION_MESSAGE))
		return refuse_both("--capture", "--message");
	if (request_has(request, OPTION_CSV) && request_has(request, OPTION_JSON))
		return refuse_both("--csv", "--json");
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
	if (status == EXIT_SUCCESS)
		status = check_together(request);
	return status == EXIT_SUCCESS ? read_packet_number(request) : status;
}

/* The command among words that are not all read yet; NULL: none is there, or it is unknown. */
static const struct command *command_among(int argc, char *const argv[])
{
	const struct command *command = NULL;

	for (int i = 1; i + 1 < argc && !command; i++)
		command = command_find(argv[i], argv[i + 1]);
	return command;
}

/* getopt_long() explains nothing itself: we know the nearest name. */
static int refuse_option(int option, int argc, char *const argv[])
{
	if (option == ':')
		fprintf(stderr, "netboot6: %s: expected a value\n", argv[optind - 1]);
	else if (optopt >= GETOPT_FIRST)
		fprintf(stderr, "netboot6: --%s takes no value\n",
			option_table[optopt - GETOPT_FIRST].name);
	else
		usage_unknown_option(command_among(argc, argv), argv[optind - 1]);
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
			return refuse_option(option, argc, argv);
		if (request->n_given == REQUEST_GIVEN_MAX)
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
	int status;

	if (n == 1 && usage_print_daemon(words[0]) == 0)
		return EXIT_SUCCESS;
	status = n > 0 ? read_command(request, n, words) : EXIT_SUCCESS;
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

static int run_doctor(struct request *request, int n, char *words[])
{
	if (n > 0) {
		fprintf(stderr, "netboot6: doctor takes no argument \"%s\"\n", words[0]);
		return EXIT_USAGE;
	}
	if (request->options & ~OPTION_COMMON) {
		fprintf(stderr, "netboot6: expected no options after doctor but --json and "
				"--control\n");
		return EXIT_USAGE;
	}
	return doctor_run(request_value(request, OPTION_CONTROL),
		request_has(request, OPTION_JSON));
}

/* What is no command of one daemon. Returns an exit status, or -1: go on. */
static int run_alone(struct request *request, int n, char *words[])
{
	if (request_has(request, OPTION_VERSION)) {
		printf("netboot6 %s\n", PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	if (n > 0 && strcmp(words[0], "help") == 0)
		return print_help(request, n - 1, words + 1);
	if (request_has(request, OPTION_HELP))
		return print_help(request, n, words);
	if (n > 0 && strcmp(words[0], "completion") == 0)
		return print_completion(n > 1 ? words[1] : "");
	if (n > 0 && strcmp(words[0], "doctor") == 0)
		return run_doctor(request, n - 1, words + 1);
	return -1;
}

/* Without this a socket could become descriptor 1, and its daemon would get what we print. */
static void occupy_closed_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* A script that stores what we print must not take half of it for the whole. */
static int flush(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "netboot6: the output cannot be written: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

static int read_request(struct request *request, int n, char *words[])
{
	int status = read_command(request, n, words);

	if (status == EXIT_SUCCESS)
		status = add_word(request, words[1]);
	if (status == EXIT_SUCCESS)
		status = add_arguments(request, n - 2, words + 2);
	return status == EXIT_SUCCESS ? add_options(request) : status;
}

int main(int argc, char *argv[])
{
	struct request request = {0};
	int status;

	occupy_closed_descriptors();
	status = read_options(argc, argv, &request);
	if (status != EXIT_SUCCESS)
		return status;
	status = run_alone(&request, argc - optind, argv + optind);
	if (status >= 0)
		return flush(status);
	status = read_request(&request, argc - optind, argv + optind);
	if (status == EXIT_SUCCESS)
		status = flush(request.command->is_tls ? tls_command_run(&request)
						       : request_run(&request));
	free(request.message);
	return status;
}
