/* SPDX-License-Identifier: ISC */
/*
 * The TFTP server: listens, decides which request gets a session, and counts.
 *
 *	datagram -> decode -> the same client again? -> limits -> open the file -> session
 *
 * While its file is being opened, a request is in a list of its own, as the datagram that it came
 * in.
 *
 * A refusal is sent from the listening socket. Only requests are refused: answering errors would
 * let two servers talk to each other for ever.
 */
#include "bootd/tftp/tftp_server.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bootd/files/boot_opening.h"
#include "bootd/tftp/tftp_sessions.h"
#include "daemon/loop.h"

enum {
	LISTENERS_MAX = 16,
	BATCH = 8,                /* requests in one turn of the loop */
	RECEIVE_BUFFER = 1 << 20, /* requests of a data hall that is switched on at once */
	UNPROVEN_LEAST_MS = 1000, /* a transfer this young does not make room for another one */
};

struct tftp_listener {
	struct tftp_server *server;
	int fd;
	struct loop_watch *watch;
};

/* A request whose file is being opened. */
struct pending {
	struct pending *next, **link;
	struct tftp_listener *listener;
	struct boot_opening *opening;
	struct udp_datagram datagram; /* its data are `octets` */
	bool is_lower;                /* `path` is in lower case */
	char path[FILE_PATH_SIZE];
	uint8_t octets[];
};

struct tftp_server {
	struct loop *loop;
	const struct boot_files *files;
	struct tftp_options options;
	struct tftp_limits limits;
	struct tftp_stats stats;
	struct udp_receiver *receiver;
	struct tftp_listener listener[LISTENERS_MAX];
	size_t listeners;
	struct tftp_sessions sessions;
	struct pending *pending;
	size_t pendings;
};

static void report(struct tftp_server *server, enum fetch_outcome outcome,
	const struct sockaddr_in6 *peer, const struct tftp_session *session, const char *path,
	const char *error)
{
	struct fetch_event event = {
		.kind = FETCH_TFTP,
		.outcome = outcome,
		.peer = peer->sin6_addr,
		.path = path,
		.error = error,
	};

	if (session) {
		event.bytes = tftp_transfer_bytes(&session->transfer);
		event.size = session->transfer.size;
		event.duration_ms = loop_now_ms() - session->started_ms;
	}
	boot_files_report(server->files, &event);
}

static void session_over(void *arg, struct tftp_session *session)
{
	struct tftp_server *server = arg;
	const struct tftp_transfer *transfer = &session->transfer;
	enum fetch_outcome outcome = FETCH_FAILED;

	switch (transfer->state) {
	case TFTP_DONE:
		outcome = FETCH_DONE;
		server->stats.done++;
		break;
	case TFTP_PROBED:
		outcome = FETCH_PROBED;
		server->stats.probed++;
		break;
	default:
		server->stats.failed++;
		break;
	}
	server->stats.bytes += tftp_transfer_bytes(transfer);
	server->stats.retransmitted += transfer->retransmitted;
	report(server, outcome, &session->peer, session, session->path,
		outcome == FETCH_FAILED ? transfer->error : NULL);
	tftp_sessions_remove(&server->sessions, session);
	tftp_session_free(session);
}

static void refuse(const struct tftp_listener *listener, const struct udp_datagram *datagram,
	enum tftp_error_code code, const char *text)
{
	uint8_t packet[256];
	size_t len = tftp_encode_error(packet, sizeof(packet), code, text);
	struct udp_outgoing answer = {
		.to = datagram->peer,
		.source = datagram->local,
		.ifindex = IN6_IS_ADDR_LINKLOCAL(&datagram->peer.sin6_addr) ? datagram->ifindex : 0,
		.part = {{packet, len}},
		.n_parts = 1,
	};

	/* If it is lost, the client asks again. */
	(void)udp_send(listener->fd, &answer);
}

/*
 * A client that asks for a file from another port has most likely been reset. Its transfer of that
 * file ends after a second, unless it is acknowledged till then: it is another program's.
 */
static void supersede(struct tftp_server *server, const struct sockaddr_in6 *peer, const char *path)
{
	struct tftp_session *session = NULL;

	while ((session = tftp_sessions_next(&server->sessions, &peer->sin6_addr, session)))
		if (session->peer.sin6_scope_id == peer->sin6_scope_id &&
			strcmp(session->path, path) == 0)
			session->transfer.superseded_ms = loop_now_ms();
}

/* Room for one more: the oldest transfer whose client never answered goes, unless all are young. */
static bool make_room(struct tftp_server *server)
{
	uint64_t now_ms = loop_now_ms();

	if (server->sessions.count + server->pendings < server->options.transfers_max)
		return true;
	for (struct tftp_session *session = server->sessions.oldest;
		session && now_ms - session->started_ms >= UNPROVEN_LEAST_MS;
		session = session->next) {
		if (session->transfer.is_heard)
			continue;
		server->stats.displaced++;
		tftp_session_abandon(session, "it made room: the client never answered");
		return true;
	}
	return false;
}

static bool is_too_much(struct tftp_server *server, const struct sockaddr_in6 *peer)
{
	struct tftp_session *session = NULL;
	unsigned n = 0;

	while ((session = tftp_sessions_next(&server->sessions, &peer->sin6_addr, session)))
		n++;
	for (struct pending *pending = server->pending; pending; pending = pending->next)
		n += IN6_ARE_ADDR_EQUAL(&pending->datagram.peer.sin6_addr, &peer->sin6_addr);
	return n >= server->options.transfers_per_client || !make_room(server);
}

static enum tftp_error_code code_of(int error)
{
	switch (error) {
	case -ENOENT:
	case -EISDIR:
		return TFTP_ERROR_NOT_FOUND;
	case -EACCES:
		return TFTP_ERROR_ACCESS;
	default:
		return TFTP_ERROR_OTHER;
	}
}

static struct tftp_limits limits_of(const struct tftp_server *server, const struct in6_addr *client)
{
	const struct tftp_options *options = &server->options;
	struct tftp_limits limits = server->limits;
	unsigned block_size = options->block_size_of
				      ? options->block_size_of(options->block_size_arg, client)
				      : 0;

	if (block_size > 0 && block_size < limits.block_size_max)
		limits.block_size_max = block_size;
	return limits;
}

static void refuse_request(const struct tftp_listener *listener,
	const struct udp_datagram *datagram, const char *path, int error, const char *why)
{
	struct tftp_server *server = listener->server;

	server->stats.not_found += code_of(error) != TFTP_ERROR_OTHER;
	server->stats.failed++;
	refuse(listener, datagram, code_of(error), why);
	report(server, FETCH_FAILED, &datagram->peer, NULL, path, why);
}

/* *file is the session's, or is closed. */
static void start_session(struct tftp_listener *listener, const struct udp_datagram *datagram,
	const struct tftp_request *request, struct boot_file *file)
{
	struct tftp_server *server = listener->server;
	const struct tftp_ports ports = {
		.shared_fd = server->options.single_port ? listener->fd : -1,
		.first = server->options.first_port,
		.last = server->options.last_port,
	};
	const struct tftp_limits limits = limits_of(server, &datagram->peer.sin6_addr);
	struct tftp_session *session;
	int error = tftp_session_new(server->loop, datagram, request, file, server->files->readers,
		&limits, &ports, session_over, server, &session);

	if (error) {
		boot_file_close(file);
		refuse_request(listener, datagram, request->path, error, file_root_error(error));
		return;
	}
	tftp_sessions_add(&server->sessions, session);
	server->stats.started++;
	report(server, FETCH_STARTED, &session->peer, session, session->path, NULL);
	tftp_session_begin(session);
}

/* --- requests whose file is being opened ------------------------------------------- */

static void remove_pending(struct pending *pending)
{
	*pending->link = pending->next;
	if (pending->next)
		pending->next->link = pending->link;
	pending->listener->server->pendings--;
	free(pending);
}

static struct pending *add_pending(
	struct tftp_listener *listener, const struct udp_datagram *datagram)
{
	struct tftp_server *server = listener->server;
	struct pending *pending = malloc(sizeof(*pending) + datagram->len);

	if (!pending)
		return NULL;
	*pending = (struct pending){.next = server->pending,
		.link = &server->pending,
		.listener = listener,
		.datagram = *datagram};
	memcpy(pending->octets, datagram->data, datagram->len);
	pending->datagram.data = pending->octets;
	if (server->pending)
		server->pending->link = &pending->next;
	server->pending = pending;
	server->pendings++;
	return pending;
}

/* A client sends its request again if no answer comes. */
static bool is_pending(const struct tftp_server *server, const struct udp_datagram *datagram)
{
	for (const struct pending *pending = server->pending; pending; pending = pending->next)
		if (pending->datagram.len == datagram->len &&
			memcmp(&pending->datagram.peer, &datagram->peer, sizeof(datagram->peer)) ==
				0 &&
			memcmp(pending->octets, datagram->data, datagram->len) == 0)
			return true;
	return false;
}

static void change_characters(char *text, int (*change)(int))
{
	for (; *text; text++)
		*text = (char)change((unsigned char)*text);
}

static int slash_of(int c)
{
	return c == '\\' ? '/' : c;
}

static boot_opened_fn opened;

static int open_pending(struct pending *pending, struct boot_file *file, const char **why)
{
	const struct boot_file_request wanted = {
		.path = pending->path, .peer = pending->datagram.peer.sin6_addr};

	return boot_file_open(pending->listener->server->files, &wanted, file, why,
		&pending->opening, opened, pending);
}

/* With windows_paths: "\\Boot\\BCD" is Boot/BCD or, if that is missing, boot/bcd. */
static bool may_try_lower(struct pending *pending, int error)
{
	if (error != -ENOENT || pending->is_lower ||
		!pending->listener->server->options.windows_paths)
		return false;
	pending->is_lower = true;
	change_characters(pending->path, tolower);
	return true;
}

static void opened(void *arg, int error, const char *why, struct boot_file *file)
{
	struct pending *pending = arg;
	struct boot_file lower;
	struct tftp_packet packet;

	if (may_try_lower(pending, error)) {
		error = open_pending(pending, &lower, &why);
		file = &lower;
	}
	if (error == -EINPROGRESS)
		return;
	tftp_decode(
		pending->octets, pending->datagram.len, &packet); /* it has been decoded before */
	if (error)
		refuse_request(
			pending->listener, &pending->datagram, packet.request.path, error, why);
	else
		start_session(pending->listener, &pending->datagram, &packet.request, file);
	remove_pending(pending);
}

static void serve(struct tftp_listener *listener, const struct udp_datagram *datagram,
	const struct tftp_request *request)
{
	struct pending *pending = add_pending(listener, datagram);
	struct boot_file file;
	const char *why = NULL;
	int error = -ENOMEM;

	if (pending) {
		strcpy(pending->path, request->path);
		if (listener->server->options.windows_paths)
			change_characters(pending->path, slash_of);
		error = open_pending(pending, &file, &why);
		if (may_try_lower(pending, error))
			error = open_pending(pending, &file, &why);
	}
	if (error == -EINPROGRESS)
		return;
	if (pending)
		remove_pending(pending);
	if (error)
		refuse_request(
			listener, datagram, request->path, error, why ? why : strerror(-error));
	else
		start_session(listener, datagram, request, &file);
}

static void handle_read_request(struct tftp_listener *listener, const struct udp_datagram *datagram,
	const struct tftp_request *request)
{
	static const char too_much[] = "too many transfers at a time: try again later";
	struct tftp_server *server = listener->server;
	struct tftp_session *before = tftp_sessions_find(&server->sessions, &datagram->peer);

	if (is_pending(server, datagram)) {
		server->stats.repeated++;
		return;
	}
	if (before && tftp_session_is_for(before, datagram) &&
		tftp_session_repeat(before, loop_now_ms() - datagram->waited_us / 1000)) {
		server->stats.repeated++;
		return;
	}
	if (before)
		tftp_session_abandon(before, "the client started over from the same port");
	supersede(server, &datagram->peer, request->path);
	if (!request->octet) {
		/* No firmware asks for netascii, which would damage a kernel. */
		refuse(listener, datagram, TFTP_ERROR_ILLEGAL, "only mode octet is served");
	} else if (is_too_much(server, &datagram->peer)) {
		server->stats.refused++;
		refuse(listener, datagram, TFTP_ERROR_OTHER, too_much);
		report(server, FETCH_FAILED, &datagram->peer, NULL, request->path, too_much);
	} else {
		serve(listener, datagram, request);
	}
}

static void handle_datagram(struct tftp_listener *listener, const struct udp_datagram *datagram)
{
	struct tftp_packet packet = {.opcode = 0};
	int error = tftp_decode(datagram->data, datagram->len, &packet);
	bool is_request = packet.opcode == TFTP_RRQ || packet.opcode == TFTP_WRQ;
	struct tftp_session *session = NULL;

	if (IN6_IS_ADDR_MULTICAST(&datagram->local))
		return;
	if (!is_request && listener->server->options.single_port)
		session = tftp_sessions_find(&listener->server->sessions, &datagram->peer);
	if (session) {
		tftp_session_input(session, datagram->data, datagram->len);
		return;
	}
	if (error || !is_request)
		listener->server->stats.malformed++;
	if (error && is_request)
		refuse(listener, datagram, TFTP_ERROR_ILLEGAL, "malformed request");
	else if (packet.opcode == TFTP_WRQ)
		refuse(listener, datagram, TFTP_ERROR_ACCESS, "this server can only be read from");
	else if (packet.opcode == TFTP_RRQ)
		handle_read_request(listener, datagram, &packet.request);
}

static void readable(int fd, int what, void *arg)
{
	struct tftp_listener *listener = arg;
	const struct udp_datagram *datagrams;
	int n = udp_receive(listener->server->receiver, fd, &datagrams);

	(void)what;
	for (int i = 0; i < n; i++)
		handle_datagram(listener, &datagrams[i]);
}

struct tftp_server *tftp_server_new(
	struct loop *loop, const struct boot_files *files, const struct tftp_options *options)
{
	struct tftp_server *server = calloc(1, sizeof(*server));
	struct tftp_options *o;

	if (!server)
		return NULL;
	server->loop = loop;
	server->files = files;
	server->options = *options;
	o = &server->options;
	o->block_size_max = o->block_size_max ? o->block_size_max : 1428;
	o->window_max = o->window_max ? o->window_max : 64;
	o->transfers_max = o->transfers_max ? o->transfers_max : 2000;
	o->transfers_per_client = o->transfers_per_client ? o->transfers_per_client : 8;
	server->limits = (struct tftp_limits){
		.block_size_max = o->block_size_max,
		.window_max = o->window_max,
	};
	server->receiver = udp_receiver_new(BATCH);
	if (!server->receiver || tftp_sessions_init(&server->sessions) < 0) {
		udp_receiver_free(server->receiver);
		free(server);
		return NULL;
	}
	return server;
}

void tftp_server_free(struct tftp_server *server)
{
	if (!server)
		return;
	while (server->pending) {
		boot_opening_cancel(server->pending->opening);
		remove_pending(server->pending);
	}
	while (server->sessions.oldest)
		tftp_session_abandon(server->sessions.oldest, "the server was stopped");
	for (size_t i = 0; i < server->listeners; i++) {
		loop_watch_free(server->listener[i].watch);
		close(server->listener[i].fd);
	}
	tftp_sessions_fini(&server->sessions);
	udp_receiver_free(server->receiver);
	free(server);
}

int tftp_server_listen(struct tftp_server *server, const struct sockaddr_in6 *at)
{
	int fd = udp_open(at, RECEIVE_BUFFER);

	return fd < 0 ? fd : tftp_server_listen_fd(server, fd);
}

static int prepare_fd(int fd)
{
	int on = 1;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0)
		return -errno;
	return udp_want_times(fd);
}

int tftp_server_listen_fd(struct tftp_server *server, int fd)
{
	struct tftp_listener *listener = &server->listener[server->listeners];
	int error = server->listeners == LISTENERS_MAX ? -ENOSPC : prepare_fd(fd);

	if (!error) {
		*listener = (struct tftp_listener){.server = server, .fd = fd};
		listener->watch = loop_watch_new(server->loop, fd, LOOP_READ, readable, listener);
		error = listener->watch ? 0 : -ENOMEM;
	}
	if (error) {
		close(fd);
		return error;
	}
	server->listeners++;
	return 0;
}

void tftp_server_get_stats(const struct tftp_server *server, struct tftp_stats *out)
{
	*out = server->stats;
	out->active = server->sessions.count;
}
