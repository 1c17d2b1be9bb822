/* SPDX-License-Identifier: ISC */
/*
 * The control socket: how the netboot6 command, or anyone with socat, asks a
 * running daemon. A request is a line of words, "show 52:54:00:12:34:56"; the
 * answer is one line of JSON, an object with "error" where it went wrong.
 * A connection takes any number of requests. After one that opens a stream,
 * "watch" is there always, it gets a line of JSON for each event until it closes.
 *
 * Hostile or stuck peers cost a bounded buffer each: answers that overrun it
 * close the connection; events are lost and, when there is room again, counted
 * in a line {"lost": N}. Nobody is waited for. The number of peers is bounded too.
 */
#ifndef NB6_DAEMON_CONTROL_H
#define NB6_DAEMON_CONTROL_H

#include <jansson.h>
#include <stdbool.h>

struct loop;
struct control;
struct control_ticket; /* who waits for an answer */

enum {
	CONTROL_LINE_MAX = 4096, /* a request */
	CONTROL_WORDS_MAX = 32,
	CONTROL_CLIENTS_MAX = 32,
};

struct control_command {
	const char *name;
	/*
	 * words[0] is the name. Returns a new reference to the answer, NULL
	 * only when out of memory; control_error() makes one that says no.
	 */
	json_t *(*run)(void *arg, int n_words, char *const words[]);
	/*
	 * In the place of run, for what takes longer than the loop may be held: the answer is given
	 * by control_answer(), later or at once. Other requests of the connection wait for it.
	 */
	void (*begin)(void *arg, struct control_ticket *ticket, int n_words, char *const words[]);
	/*
	 * In the place of run: the command opens a stream of events, one for a connection at
	 * a time. What it puts in *filter says which events are wanted, and is given back to
	 * `close` (NULL: there is nothing to do) when the connection or the control goes.
	 * Where the answer has an "error", nothing was opened.
	 */
	json_t *(*open)(void *arg, int n_words, char *const words[], void **filter);
	void (*close)(void *arg, void *filter);
};

/*
 * Listen on the UNIX socket `path`, readable and writable by owner and group. Missing
 * directories are created and a stale socket is replaced; a socket that answers
 * (-EADDRINUSE) and a file of another kind (-ENOTSOCK) are not. `commands` ends with a NULL name and must
 * outlive the control. Returns 0 or -errno.
 */
int control_new(struct control **control, struct loop *loop, const char *path,
	const struct control_command *commands, void *arg);
/*
 * The same, and a failure is logged. A daemon works without its control socket, so that is no
 * error; but if another daemon answers on it, two of them would serve the same clients: -EADDRINUSE.
 */
int control_open(struct control **control, struct loop *loop, const char *path,
	const struct control_command *commands, void *arg);
void control_free(struct control *control); /* unlinks the socket; NULL is fine */

/* True where someone watches: spares the making of events. */
bool control_watched(const struct control *control);
/* Send an event to every watcher; takes over the reference. */
void control_publish(struct control *control, json_t *event);
/* The same for the stream of another command, to those whose filter takes it. */
void control_publish_to(struct control *control, const char *stream,
	bool (*takes)(const void *filter), json_t *event);

/*
 * The answer to a command that began; once for each ticket, also when the connection or the control
 * no longer exists. Takes ownership of both; NULL: out of memory.
 */
void control_answer(struct control_ticket *ticket, json_t *json);

json_t *control_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
