/* SPDX-License-Identifier: ISC */
/*
 * The bench of the tests of the exchange: one configuration, and machines of UEFI PXE that ask.
 */
#ifndef NB6_TESTS_UNIT_EXCHANGE_BENCH_H
#define NB6_TESTS_UNIT_EXCHANGE_BENCH_H

#include "tests/unit/bootd_bench.h"

/* Two subnets, of which 2001:db8:2::/64 has no addresses; two hosts; four boot rules. */
extern const char exchange_conf[];

/* For cmocka, as bench_setup(); bench_teardown() ends it. */
int exchange_bench_setup(void **state);

/* Ask through a relay, and be answered: the address that came back. `has` may be NULL. */
struct in6_addr bench_ask(struct bench *b, uint8_t type, uint32_t iaid, const struct in6_addr *has);
/* Solicit and Request: the address that is bound now. */
struct in6_addr bench_bind(struct bench *b);
/* The machine that asks from now on. */
void bench_set_mac(struct bench *b, const char *text);

#endif
