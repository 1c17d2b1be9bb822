/* SPDX-License-Identifier: ISC */
/* Turns packets of a capture into words of requests. */
#include "netboot6/explain_capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dhcp6/dhcp6.h"
#include "dhcp6/identity.h"
#include "netboot6/capture.h"

enum { MESSAGE_MAX = 1900, WORDS = 32 }; /* octets that fit in a line of a control socket */

/* To a server or a relay; what relays say to each other and to servers has the same port. */
static bool is_request(const struct capture_datagram *datagram)
{
	return datagram->destination_port == DHCP6_SERVER_PORT && datagram->len > 0 &&
	       datagram->data[0] != DHCP6_RELAY_REPL;
}

static void put_message(char *to, const struct capture_datagram *datagram)
{
	dhcp6_hex_format(datagram->data, datagram->len, stpcpy(to, "message="));
}

/* The frame is the client's own only if no relay has forwarded it. */
static bool is_of_client(const struct capture_datagram *datagram)
{
	return datagram->has_mac && datagram->data[0] != DHCP6_RELAY_FORW;
}

static int ask(struct client *client, const struct capture_datagram *datagram, int n_facts,
	char *const facts[])
{
	char command[] = "explain", message[2 * MESSAGE_MAX + 16];
	char source[INET6_ADDRSTRLEN + 8] = "source=", frame[32];
	char *words[WORDS] = {command, message, source};
	int n = 3;

	put_message(message, datagram);
	inet_ntop(AF_INET6, &datagram->source, source + strlen(source), INET6_ADDRSTRLEN);
	dhcp6_mac_format(datagram->mac, stpcpy(frame, "frame="));
	if (is_of_client(datagram))
		words[n++] = frame;
	for (int i = 0; i < n_facts && n < WORDS; i++)
		words[n++] = facts[i];
	return client_ask(client, n, words);
}

/* Returns 0, or -errno after printing the reason. */
static int explain(struct client *client, const struct capture_datagram *datagram, int n_facts,
	char *const facts[], explain_show_fn *show, void *arg)
{
	json_t *answer;
	int rc;

	if (datagram->len > MESSAGE_MAX) {
		fprintf(stderr, "netboot6: packet %u: longer than can be asked about\n",
			datagram->packet);
		return 0;
	}
	rc = ask(client, datagram, n_facts, facts);
	answer = rc == 0 ? client_read(client) : NULL;
	if (!answer) {
		fprintf(stderr, "netboot6: packet %u: %s\n", datagram->packet,
			rc < 0 ? strerror(-rc) : "the daemon closed the connection");
		return rc < 0 ? rc : -EPIPE;
	}
	show(arg, datagram->packet, answer);
	json_decref(answer);
	return 0;
}

int explain_capture(struct client *client, const char *path, unsigned packet, int n_facts,
	char *const facts[], explain_show_fn *show, void *arg)
{
	struct capture_datagram datagram;
	struct capture capture;
	unsigned asked = 0;
	uint8_t *octets;
	size_t len;
	int rc = capture_read_file(path, &octets, &len);

	if (rc == 0)
		rc = capture_open(&capture, octets, len);
	if (rc < 0)
		fprintf(stderr, "netboot6: %s: %s\n", path,
			rc == -EBADMSG ? "expected a capture, pcap or pcapng" : strerror(-rc));
	while (rc == 0 && capture_next(&capture, &datagram)) {
		if (!is_request(&datagram) || (packet > 0 && datagram.packet != packet))
			continue;
		asked++;
		rc = explain(client, &datagram, n_facts, facts, show, arg);
	}
	free(octets);
	if (rc == 0 && asked == 0) {
		fprintf(stderr,
			packet ? "netboot6: %s: packet %u is no DHCPv6 request\n"
			       : "netboot6: %s: there is no DHCPv6 request in it\n",
			path, packet);
		rc = -ENOENT;
	}
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
