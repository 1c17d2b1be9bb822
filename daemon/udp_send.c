/* SPDX-License-Identifier: ISC */
/*
 * Sending of queued datagrams.
 *
 *	udp_sender_add ... udp_flush    runs of datagrams (udp_runs.h), sendmmsg
 *	a run that the kernel refuses   its datagrams one by one; each that fails is reported
 *
 * A run is one sendmsg with UDP_SEGMENT: one way through routing, firewall and
 * queues for all of it. Some ways allow none: through IPsec, on old kernels to a
 * card that computes no checksums (EIO). Where only the run was refused, and not
 * its datagrams, all go one by one for some time.
 */
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/udp.h"
#include "daemon/udp_runs.h"

enum {
	PKTINFO_SPACE = CMSG_SPACE(sizeof(struct in6_pktinfo)),
	CONTROL_LEN = PKTINFO_SPACE + CMSG_SPACE(sizeof(uint16_t)),
	FLUSHES_APART = 1024, /* after a run was refused */
};

union send_control {
	char octets[CONTROL_LEN];
	struct cmsghdr align;
};

struct udp_sender {
	unsigned most, n;
	unsigned apart; /* flushes to come without runs */
	struct udp_runs runs;
	struct mmsghdr *header; /* one for each run */
	union send_control *control;
	struct udp_outgoing *outgoing;
	struct iovec *iov; /* the parts of the runs, in their order */
};

struct udp_sender *udp_sender_new(unsigned most)
{
	struct udp_sender *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->most = most;
	s->header = calloc(most, sizeof(*s->header));
	s->control = calloc(most, sizeof(*s->control));
	s->outgoing = calloc(most, sizeof(*s->outgoing));
	s->iov = calloc((size_t)most * UDP_SEND_PARTS, sizeof(*s->iov));
	if (!s->header || !s->control || !s->outgoing || !s->iov ||
		udp_runs_init(&s->runs, most) < 0) {
		udp_sender_free(s);
		return NULL;
	}
	return s;
}

void udp_sender_free(struct udp_sender *s)
{
	if (!s)
		return;
	udp_runs_fini(&s->runs);
	free(s->header);
	free(s->control);
	free(s->outgoing);
	free(s->iov);
	free(s);
}

struct udp_outgoing *udp_sender_add(struct udp_sender *s)
{
	if (s->n == s->most)
		return NULL;
	return &s->outgoing[s->n++];
}

/* --- headers -------------------------------------------------------------------------- */

static void put_control(struct msghdr *header, union send_control *control, int level, int type,
	const void *data, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)(void *)(control->octets + header->msg_controllen);

	*c = (struct cmsghdr){.cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
	memcpy(CMSG_DATA(c), data, len);
	header->msg_control = control;
	header->msg_controllen += CMSG_SPACE(len);
}

/* All but the parts. Source and link are named; where neither is known it is left to the kernel. */
static void fill_header(
	struct msghdr *header, union send_control *control, const struct udp_outgoing *out)
{
	union {
		const struct sockaddr_in6 *in;
		struct sockaddr_in6 *out;
	} unconst = {.in = &out->to}; /* sendmsg(2) only reads what msghdr points at */
	struct in6_pktinfo info = {
		.ipi6_addr = out->source, .ipi6_ifindex = (unsigned)out->ifindex};

	*header = (struct msghdr){.msg_name = unconst.out, .msg_namelen = sizeof(out->to)};
	if (!IN6_IS_ADDR_UNSPECIFIED(&out->source) || out->ifindex != 0)
		put_control(header, control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}

static void add_parts(struct msghdr *header, struct iovec *iov, const struct udp_outgoing *out)
{
	memcpy(iov + header->msg_iovlen, out->part, out->n_parts * sizeof(*iov));
	header->msg_iov = iov;
	header->msg_iovlen += out->n_parts;
}

/* Returns how many places its parts took. */
static size_t fill_run(struct udp_sender *s, unsigned number, struct iovec *iov)
{
	const struct udp_run *run = &s->runs.run[number];
	struct msghdr *header = &s->header[number].msg_hdr;
	uint16_t i = run->first, segment = (uint16_t)run->len;

	fill_header(header, &s->control[number], &s->outgoing[i]);
	add_parts(header, iov, &s->outgoing[i]);
	if (run->n > 1)
		put_control(header, &s->control[number], SOL_UDP, UDP_SEGMENT, &segment,
			sizeof(segment));
	for (unsigned left = run->n; left > 1; left--) {
		i = s->runs.next[i];
		add_parts(header, iov, &s->outgoing[i]);
	}
	return header->msg_iovlen;
}

/* --- sending ---------------------------------------------------------------------------- */

int udp_send(int fd, const struct udp_outgoing *out)
{
	struct iovec iov[UDP_SEND_PARTS];
	union send_control control;
	struct msghdr header;

	fill_header(&header, &control, out);
	add_parts(&header, iov, out);
	return sendmsg(fd, &header, MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* The kernel did not take this run as a whole. Returns how many of its datagrams went. */
static unsigned send_apart(struct udp_sender *s, const struct udp_run *run, int fd, int error,
	udp_failed_cb *failed, void *arg)
{
	uint16_t i = run->first;
	unsigned went = 0;

	for (unsigned left = run->n; left > 0; left--) {
		int rc = run->n > 1 ? udp_send(fd, &s->outgoing[i]) : -error;

		if (rc < 0)
			failed(arg, &s->outgoing[i], -rc);
		else
			went++;
		i = s->runs.next[i];
	}
	if (went == run->n)
		s->apart = FLUSHES_APART;
	return went;
}

unsigned udp_flush(struct udp_sender *s, int fd, udp_failed_cb *failed, void *arg)
{
	struct iovec *iov = s->iov;
	unsigned done = 0, went = 0;

	udp_runs_plan(&s->runs, s->outgoing, s->n, s->apart == 0);
	s->apart -= s->apart > 0;
	for (unsigned i = 0; i < s->runs.n; i++)
		iov += fill_run(s, i, iov);
	while (done < s->runs.n) {
		int n = sendmmsg(fd, s->header + done, s->runs.n - done, MSG_DONTWAIT);

		for (; n > 0; n--)
			went += s->runs.run[done++].n;
		/* sendmmsg stops at the first that fails and says why on the next call. */
		if (n < 0 && errno != EINTR) {
			went += send_apart(s, &s->runs.run[done], fd, errno, failed, arg);
			done++;
		}
	}
	s->n = 0;
	return went;
}
