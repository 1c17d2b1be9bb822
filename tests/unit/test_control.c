/* SPDX-License-Identifier: ISC */
/*
 * The control socket, with a real one in a directory of its own: requests
 * whole and in pieces, too long, too many words; watchers; leftovers.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/control.h"
#include "daemon/log.h"
#include "daemon/loop.h"

static char directory[] = "/tmp/nb6-control-XXXXXX";
static char path[64];

struct fixture {
	struct loop *loop;
	struct control *control;
	int client;
};

static json_t *run_echo(void *arg, int n_words, char *const words[])
{
	json_t *all = json_array();

	(void)arg;
	for (int i = 0; i < n_words; i++)
		json_array_append_new(all, json_string(words[i]));
	return all;
}

/* A stream whose filter is its second word. */
static json_t *open_stream(void *arg, int n_words, char *const words[], void **filter)
{
	(void)arg;
	if (n_words != 2)
		return control_error("which?");
	*filter = strdup(words[1]);
	return json_pack("{s:s}", "open", words[1]);
}

static int closed_streams;

static void close_stream(void *arg, void *filter)
{
	(void)arg;
	closed_streams++;
	free(filter);
}

static bool takes_odd(const void *filter)
{
	return strcmp(filter, "odd") == 0;
}

static struct control_ticket *waiting;
static struct loop *waiting_loop;

/* Answers at once if it has a second word; else it stops the loop, and the test answers. */
static void begin_slow(void *arg, struct control_ticket *ticket, int n_words, char *const words[])
{
	(void)arg;
	if (n_words > 1) {
		control_answer(ticket, json_pack("{s:s}", "now", words[1]));
	} else {
		waiting = ticket;
		loop_stop(waiting_loop);
	}
}

static const struct control_command commands[] = {
	{"echo", run_echo},
	{.name = "slow", .begin = begin_slow},
	{.name = "stream", .open = open_stream, .close = close_stream},
	{NULL, NULL},
};

static int connect_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->loop = loop_new();
	assert_int_equal(control_new(&f->control, f->loop, path, commands, NULL), 0);
	f->client = connect_client();
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->client);
	control_free(f->control);
	loop_free(f->loop);
	free(f);
	return access(path, F_OK) == 0; /* it cleans up behind itself */
}

/* Run the loop until the client has something to read; what it says is in `line`. */
struct reader {
	struct loop *loop;
	char line[8192];
	size_t len;
	bool closed;
};

static void take(int fd, int what, void *arg)
{
	struct reader *reader = arg;
	ssize_t n = read(fd, reader->line + reader->len, sizeof(reader->line) - reader->len - 1);

	(void)what;
	if (n > 0)
		reader->len += (size_t)n;
	reader->closed = n <= 0;
	reader->line[reader->len] = '\0';
	if (reader->closed || strchr(reader->line, '\n'))
		loop_stop(reader->loop);
}

static struct reader read_line(struct fixture *f, int fd)
{
	struct reader reader = {.loop = f->loop};
	struct loop_watch *watch = loop_watch_new(f->loop, fd, LOOP_READ, take, &reader);

	loop_run(f->loop);
	loop_watch_free(watch);
	return reader;
}

static void say(struct fixture *f, const char *text)
{
	assert_int_equal(write(f->client, text, strlen(text)), (ssize_t)strlen(text));
}

static void expect_line(struct fixture *f, const char *line)
{
	struct reader reader = read_line(f, f->client);

	assert_false(reader.closed);
	assert_string_equal(reader.line, line);
}

static void test_words_become_a_request(void **state)
{
	say(*state, "  echo  a\tb \r\n");
	expect_line(*state, "[\"echo\",\"a\",\"b\"]\n");
	say(*state, "ec");
	say(*state, "ho again\n");
	expect_line(*state, "[\"echo\",\"again\"]\n");
}

static void test_an_unknown_command_is_named(void **state)
{
	say(*state, "\nfly away\n"); /* an empty line is nothing */
	expect_line(*state, "{\"error\":\"test_control has no command \\\"fly\\\"\"}\n");
}

static void test_a_line_that_is_no_text_is_refused(void **state)
{
	static const char *const refused = "{\"error\":\"a request is a line of UTF-8 text\"}\n";
	struct fixture *f = *state;

	say(f, "show \xff\n");
	expect_line(f, refused);
	assert_int_equal(write(f->client, "\0echo\n", 6), 6);
	expect_line(f, refused);
	say(f, "echo \xc3\xbc\n");
	expect_line(f, "[\"echo\",\"\xc3\xbc\"]\n");
}

static void test_too_many_words(void **state)
{
	for (int i = 0; i < CONTROL_WORDS_MAX + 1; i++)
		say(*state, "echo ");
	say(*state, "\n");
	expect_line(*state, "{\"error\":\"more than 31 words\"}\n");
}

static void test_an_endless_line_is_refused_and_closed(void **state)
{
	struct fixture *f = *state;
	char line[CONTROL_LINE_MAX];
	struct reader reader;

	memset(line, 'x', sizeof(line));
	assert_int_equal(write(f->client, line, sizeof(line)), sizeof(line));
	expect_line(f, "{\"error\":\"a request has at most 4096 octets\"}\n");
	reader = read_line(f, f->client);
	assert_true(reader.closed);
}

static void run_until_waiting(struct fixture *f)
{
	waiting_loop = f->loop;
	loop_run(f->loop);
	assert_non_null(waiting);
}

static void test_an_answer_may_come_later(void **state)
{
	struct fixture *f = *state;
	int other = connect_client();
	struct reader reader;

	say(f, "slow\necho behind it\n");
	run_until_waiting(f);
	/* other connections are served meanwhile, this one keeps the order of its requests */
	assert_int_equal(write(other, "echo me\n", 8), 8);
	reader = read_line(f, other);
	assert_string_equal(reader.line, "[\"echo\",\"me\"]\n");
	control_answer(waiting, json_pack("{s:b}", "done", 1));
	expect_line(f, "{\"done\":true}\n[\"echo\",\"behind\",\"it\"]\n");
	close(other);
}

static void test_an_answer_may_come_at_once(void **state)
{
	say(*state, "slow x\nslow y\n");
	expect_line(*state, "{\"now\":\"x\"}\n{\"now\":\"y\"}\n");
}

static void test_an_answer_to_nobody_is_dropped(void **state)
{
	struct fixture *f = *state;

	say(f, "slow\n");
	run_until_waiting(f);
	close(f->client);
	f->client = connect_client();
	say(f, "echo a\n"); /* by its answer the connection before it has been closed */
	expect_line(f, "[\"echo\",\"a\"]\n");
	control_answer(waiting, json_pack("{s:b}", "done", 1));
}

static void test_watchers_get_events(void **state)
{
	struct fixture *f = *state;

	assert_false(control_watched(f->control));
	control_publish(f->control, json_object()); /* nobody: gone */
	say(f, "watch\n");
	expect_line(f, "{\"watching\":true}\n");
	assert_true(control_watched(f->control));
	control_publish(f->control, json_pack("{s:i}", "event", 1));
	expect_line(f, "{\"event\":1}\n");
}

static void test_a_stream_has_its_filter(void **state)
{
	struct fixture *f = *state;

	say(f, "stream\n");
	expect_line(f, "{\"error\":\"which?\"}\n");
	say(f, "stream even\n");
	expect_line(f, "{\"open\":\"even\"}\n");
	closed_streams = 0;
	say(f, "stream odd\n"); /* in the place of the one before */
	expect_line(f, "{\"open\":\"odd\"}\n");
	assert_int_equal(closed_streams, 1);
	control_publish_to(f->control, "other", takes_odd, json_pack("{s:i}", "event", 1));
	control_publish(f->control, json_pack("{s:i}", "event", 2));
	control_publish_to(f->control, "stream", takes_odd, json_pack("{s:i}", "event", 3));
	expect_line(f, "{\"event\":3}\n");
	say(f, "watch\n");
	expect_line(f, "{\"watching\":true}\n");
	assert_int_equal(closed_streams, 2);
}

struct collector {
	struct loop *loop;
	char *text;
	size_t len, size;
};

static void collect(int fd, int what, void *arg)
{
	struct collector *all = arg;
	ssize_t n = read(fd, all->text + all->len, all->size - all->len - 1);

	(void)what;
	assert_true(n > 0);
	all->len += (size_t)n;
	all->text[all->len] = '\0';
	if (all->text[all->len - 1] == '\n' &&
		strstr(all->text + (all->len < 64 ? 0 : all->len - 64), "{\"lost\":"))
		loop_stop(all->loop);
}

/* All lines until one says what was lost; returns the number of the others. */
static int read_events(struct fixture *f, int *lost)
{
	struct collector all = {.loop = f->loop, .size = 8 << 20};
	struct loop_watch *reading = loop_watch_new(f->loop, f->client, LOOP_READ, collect, &all);
	int n = 0;

	all.text = malloc(all.size);
	loop_run(f->loop);
	loop_watch_free(reading);
	for (const char *c = all.text; (c = strchr(c, '\n')); c++)
		n++;
	assert_int_equal(sscanf(strstr(all.text, "{\"lost\":"), "{\"lost\":%d}", lost), 1);
	free(all.text);
	return n - 1;
}

static void test_a_slow_watcher_loses_events_and_gets_their_number(void **state)
{
	enum { EVENTS = 10000 };
	struct fixture *f = *state;
	char text[500];
	int lost, got;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	say(f, "watch\n");
	expect_line(f, "{\"watching\":true}\n");
	for (int i = 0; i < EVENTS; i++) /* 5 MB, and nobody reads */
		control_publish(f->control, json_pack("{s:s}", "event", text));
	got = read_events(f, &lost);
	assert_int_equal(got + lost, EVENTS);
	assert_true(got > 1000 && lost > 1000);
	control_publish(f->control, json_pack("{s:i}", "event", 1)); /* it goes on */
	expect_line(f, "{\"event\":1}\n");
}

static void test_a_second_daemon_is_refused_and_a_leftover_replaced(void **state)
{
	struct fixture *f = *state;
	struct control *second = NULL;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char leftover[96];
	int fd;

	assert_int_equal(control_new(&second, f->loop, path, commands, NULL), -EADDRINUSE);
	snprintf(leftover, sizeof(leftover), "%s/leftover", directory);
	strcpy(address.sun_path, leftover);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd); /* as a crash leaves it: a file that nobody listens on */
	assert_int_equal(control_new(&second, f->loop, leftover, commands, NULL), 0);
	control_free(second);
}

static void test_missing_directories_are_created(void **state)
{
	struct fixture *f = *state;
	struct control *second = NULL;
	char below[96];

	snprintf(below, sizeof(below), "%s/run/netboot6/control", directory);
	assert_int_equal(control_new(&second, f->loop, below, commands, NULL), 0);
	control_free(second);
	snprintf(below, sizeof(below), "%s/run/netboot6", directory);
	assert_int_equal(rmdir(below), 0);
	snprintf(below, sizeof(below), "%s/run", directory);
	assert_int_equal(rmdir(below), 0);
}

/* A wrong `control` must not cost the operator a file. */
static void test_a_file_that_is_no_socket_is_refused_and_kept(void **state)
{
	struct fixture *f = *state;
	struct control *second = NULL;
	char precious[96], link[96];
	FILE *file;

	snprintf(precious, sizeof(precious), "%s/precious", directory);
	file = fopen(precious, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(control_new(&second, f->loop, precious, commands, NULL), -ENOTSOCK);
	assert_int_equal(access(precious, F_OK), 0);
	snprintf(link, sizeof(link), "%s/link", directory);
	assert_int_equal(symlink(precious, link), 0);
	assert_int_equal(control_new(&second, f->loop, link, commands, NULL), -ENOTSOCK);
	assert_int_equal(control_new(&second, f->loop, directory, commands, NULL), -ENOTSOCK);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(unlink(precious), 0);
}

static void test_the_socket_is_for_owner_and_group(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_words_become_a_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_an_unknown_command_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_line_that_is_no_text_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_many_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_an_endless_line_is_refused_and_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_an_answer_may_come_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_an_answer_may_come_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_an_answer_to_nobody_is_dropped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_watchers_get_events, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_stream_has_its_filter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_slow_watcher_loses_events_and_gets_their_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_second_daemon_is_refused_and_a_leftover_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_missing_directories_are_created, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_file_that_is_no_socket_is_refused_and_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_the_socket_is_for_owner_and_group, set_up, tear_down),
	};
	int failed;

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	if (!mkdtemp(directory))
		return 99;
	snprintf(path, sizeof(path), "%s/control", directory);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(directory);
	return failed;
}
