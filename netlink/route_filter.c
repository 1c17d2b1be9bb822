/* SPDX-License-Identifier: ISC */
/*
 * The program, for one message of one datagram:
 *
 *	not RTM_NEWROUTE or RTM_DELROUTE                 pass
 *	more than one message, or not AF_INET6           pass
 *	prefix length 0 (the default route) or over 128  pass
 *	no RTA_DST, or not of 16 octets                  pass
 *	mask := the prefix length as four words
 *	for each address: (address & mask) == RTA_DST    pass
 *	otherwise                                        drop
 *
 * Loads are big-endian while netlink's own fields are in host order: constants
 * are compared as htons() makes them. The kernel's attribute search (SKF_AD_NLATTR) finds
 * RTA_DST at any position. Jumps go only a few instructions ahead, to the end of their own
 * check.
 */
#include "netlink/route_filter.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>

enum {
	AT_TYPE = offsetof(struct nlmsghdr, nlmsg_type),
	AT_FAMILY = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_family),
	AT_PREFIXLEN = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_dst_len),
	AT_ATTRIBUTES = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct rtmsg)),
	/* The octets of nlmsg_len from the lowest to the highest. */
	AT_LENGTH_0 = __BYTE_ORDER == __LITTLE_ENDIAN ? 0 : 3,
	AT_LENGTH_1 = __BYTE_ORDER == __LITTLE_ENDIAN ? 1 : 2,
};

/* Scratch memory: four words of the mask, four of the prefix, and its length. */
enum { MASK = 0, PREFIX = 4, PREFIXLEN = 8 };

#define DROP 0
#define PASS UINT32_MAX /* octets to keep: all */

struct program {
	struct sock_filter *code;
	size_t len;
};

static void emit(struct program *p, uint16_t code, uint32_t k)
{
	assert(p->len < ROUTE_FILTER_SIZE);
	p->code[p->len++] = (struct sock_filter){.code = code, .k = k};
}

/* Skip `if_true` or `if_false` instructions after comparing A with k. */
static void emit_jump(
	struct program *p, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	emit(p, BPF_JMP | code | BPF_K, k);
	p->code[p->len - 1].jt = if_true;
	p->code[p->len - 1].jf = if_false;
}

/* Pass the message unless A compares so with k. */
static void pass_unless(struct program *p, uint16_t code, uint32_t k)
{
	emit_jump(p, code, k, 1, 0);
	emit(p, BPF_RET | BPF_K, PASS);
}

static void pass_if(struct program *p, uint16_t code, uint32_t k)
{
	emit_jump(p, code, k, 0, 1);
	emit(p, BPF_RET | BPF_K, PASS);
}

static void emit_checks(struct program *p)
{
	emit(p, BPF_LD | BPF_H | BPF_ABS, AT_TYPE);
	emit_jump(p, BPF_JEQ, htons(RTM_NEWROUTE), 2, 0);
	pass_unless(p, BPF_JEQ, htons(RTM_DELROUTE));
	emit(p, BPF_LD | BPF_B | BPF_ABS, AT_FAMILY);
	pass_unless(p, BPF_JEQ, AF_INET6);
	/* One message that fills the datagram (a longer one than 64 KiB passes, too). */
	emit(p, BPF_LD | BPF_B | BPF_ABS, AT_LENGTH_1);
	emit(p, BPF_ALU | BPF_LSH | BPF_K, 8);
	emit(p, BPF_MISC | BPF_TAX, 0);
	emit(p, BPF_LD | BPF_B | BPF_ABS, AT_LENGTH_0);
	emit(p, BPF_ALU | BPF_ADD | BPF_X, 0);
	emit(p, BPF_MISC | BPF_TAX, 0);
	emit(p, BPF_LD | BPF_W | BPF_LEN, 0);
	emit(p, BPF_ALU | BPF_SUB | BPF_X, 0);
	pass_unless(p, BPF_JEQ, 0);
	emit(p, BPF_LD | BPF_B | BPF_ABS, AT_PREFIXLEN);
	pass_if(p, BPF_JEQ, 0);
	pass_if(p, BPF_JGT, 128);
	emit(p, BPF_ST, PREFIXLEN);
}

/* X := the offset of RTA_DST. */
static void emit_find_prefix(struct program *p)
{
	emit(p, BPF_LDX | BPF_W | BPF_IMM, RTA_DST);
	emit(p, BPF_LD | BPF_W | BPF_IMM, AT_ATTRIBUTES);
	emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_NLATTR));
	pass_if(p, BPF_JEQ, 0);
	emit(p, BPF_MISC | BPF_TAX, 0);
	emit(p, BPF_LD | BPF_H | BPF_IND, offsetof(struct nlattr, nla_len));
	pass_unless(p, BPF_JEQ, htons(NLA_HDRLEN + sizeof(struct in6_addr)));
}

static void emit_prefix_word(struct program *p, unsigned word)
{
	emit(p, BPF_LD | BPF_W | BPF_IND, NLA_HDRLEN + word * 4);
	emit(p, BPF_ST, PREFIX + word);
}

/* The mask's word: all ones, the upper PREFIXLEN - 32 * word bits, or none. */
static void emit_mask_word(struct program *p, unsigned word)
{
	emit(p, BPF_LD | BPF_MEM, PREFIXLEN);
	emit_jump(p, BPF_JGE, 32 * (word + 1), 0, 2);
	emit(p, BPF_LD | BPF_IMM, UINT32_MAX);
	emit(p, BPF_JMP | BPF_JA, 9);
	emit_jump(p, BPF_JGT, 32 * word, 2, 0);
	emit(p, BPF_LD | BPF_IMM, 0);
	emit(p, BPF_JMP | BPF_JA, 6);
	emit(p, BPF_MISC | BPF_TAX, 0);
	emit(p, BPF_LD | BPF_IMM, 32 * (word + 1));
	emit(p, BPF_ALU | BPF_SUB | BPF_X, 0);
	emit(p, BPF_MISC | BPF_TAX, 0);
	emit(p, BPF_LD | BPF_IMM, UINT32_MAX);
	emit(p, BPF_ALU | BPF_LSH | BPF_X, 0);
	emit(p, BPF_ST, MASK + word);
}

/* Pass if the prefix covers the address; otherwise continue after these instructions. */
static void emit_address(struct program *p, const struct in6_addr *address)
{
	static const unsigned per_word = 5;
	uint32_t value;
	unsigned word;

	for (word = 0; word < 4; word++) {
		memcpy(&value, address->s6_addr + word * 4, sizeof(value));
		emit(p, BPF_LD | BPF_IMM, ntohl(value));
		emit(p, BPF_LDX | BPF_MEM, MASK + word);
		emit(p, BPF_ALU | BPF_AND | BPF_X, 0);
		emit(p, BPF_LDX | BPF_MEM, PREFIX + word);
		emit(p, BPF_JMP | BPF_JEQ | BPF_X, 0);
		p->code[p->len - 1].jf = (uint8_t)((3 - word) * per_word + 1);
	}
	emit(p, BPF_RET | BPF_K, PASS);
}

size_t route_filter_make(struct sock_filter program[static ROUTE_FILTER_SIZE],
	const struct in6_addr *addresses, size_t n)
{
	struct program p = {.code = program};
	unsigned word;
	size_t i;

	if (n > ROUTE_FILTER_ADDRESSES_MAX)
		return 0;
	emit_checks(&p);
	emit_find_prefix(&p);
	for (word = 0; word < 4; word++)
		emit_prefix_word(&p, word);
	for (word = 0; word < 4; word++)
		emit_mask_word(&p, word);
	for (i = 0; i < n; i++)
		emit_address(&p, &addresses[i]);
	emit(&p, BPF_RET | BPF_K, DROP);
	return p.len;
}
