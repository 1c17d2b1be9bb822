/* SPDX-License-Identifier: ISC */
/*
 * A bench for bootd's decision code: a configuration from text, an exchange on
 * fake time, messages made with our own writers, answers unwrapped and checked.
 *
 *	struct bench b;
 *	bench_start(&b, CONF);
 *	bench_message(&b, DHCP6_SOLICIT);
 *	bench_put_arch(&b, 7);
 *	assert_int_equal(bench_relay(&b), EXCHANGE_ANSWERED);
 *	... b.reply, b.address, b.url ...
 *	bench_stop(&b);
 */
#ifndef NB6_TESTS_UNIT_BOOTD_BENCH_H
#define NB6_TESTS_UNIT_BOOTD_BENCH_H

#include "bootd/dhcp/exchange.h"

#define BENCH_LINK "2001:db8:1::1"
#define BENCH_UNIX_MS 1800000000000 /* when the fake time was 0 */

struct bench {
	struct boot_config *config;
	struct exchange exchange;
	uint64_t now_ms;
	int64_t clock_wrong_by_ms; /* the wall clock */
	int committed;             /* what exchange_commit() said, a batch of one message */

	/* What is asked: set by bench_start(), changed by the test. */
	uint8_t mac[DHCP6_MAC_LEN]; /* in option 79 */
	bool with_mac;
	struct dhcp6_duid duid;
	struct in6_addr link, peer;
	struct arrival arrival;
	uint8_t ask[2048];
	struct wire_out out;
	bool with_arch; /* the message has an architecture */

	/* What came back; everything points into `octets`. */
	uint8_t octets[DHCP6_MESSAGE_MAX];
	struct request request;
	struct exchange_answer answer;
	struct dhcp6_chain chain; /* of Relay-replies */
	struct dhcp6_message reply;
	bool has_address, has_url;
	struct in6_addr address;
	uint32_t t1_s, t2_s, preferred_s, valid_s;
	int status, ia_status; /* -1: none */
	char url[1024];

	unsigned told; /* events */
	struct exchange_event event;
	struct decision decision;
	enum client_mac_source mac_source;
};

/* Fails the test where the configuration has errors. */
void bench_start(struct bench *b, const char *conf);
/* As a reload: bindings stay. */
void bench_reload(struct bench *b, const char *conf);
void bench_stop(struct bench *b);

/* Begin a message with a Client Identifier; the puts add to it. */
void bench_message(struct bench *b, uint8_t type);
void bench_put_ia(struct bench *b, uint32_t iaid, const struct in6_addr *address);
void bench_put_arch(struct bench *b, uint16_t code);
void bench_put_user_class(struct bench *b, const char *text);
void bench_put_oro(struct bench *b, uint16_t code);
void bench_put_server_id(struct bench *b);

/* Hand it in through one relay, or straight from a client; what came back is in *b. */
enum exchange_drop bench_relay(struct bench *b);
enum exchange_drop bench_direct(struct bench *b);
/* Any octets; what they change is committed, as a batch of one message. */
enum exchange_drop bench_octets(struct bench *b, const void *octets, size_t len);

/*
 * The same without the commit: handled for the first time or again, and completed once the test
 * has committed. The message must stay until then.
 */
struct bench_message {
	uint8_t octets[1024], answer[2048];
	size_t len;
	struct request request;
};
enum exchange_drop bench_handle(struct bench *b, struct bench_message *message, unsigned retries);
enum exchange_drop bench_complete(struct bench *b, struct bench_message *message);

/* The data of the answer's option; false where there is none. */
bool bench_option(const struct bench *b, uint16_t code, struct wire_in *data);

/*
 * What every answer must keep to, or firmware hangs: called after each that is given. Fails
 * the test with the rule that is broken.
 */
void bench_check_answer(const struct bench *b);

/* The same for cmocka: *state is a bench with this configuration, until the end of the test. */
int bench_setup(void **state, const char *conf);
int bench_teardown(void **state);

struct in6_addr bench_in6(const char *text);
/* The address in text. */
const char *bench_text(const struct in6_addr *address);

#endif
