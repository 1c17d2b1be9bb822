/* SPDX-License-Identifier: ISC */
/*
 * Cursors over octets: one to read, one to write. Neither can leave its
 * buffer. An error sticks: once a read or a write did not fit, everything
 * after it yields zero or does nothing, so a step is checked once, at its end.
 *
 *	buffer   [............ octets ............]
 *	wire_in         ^pos                 ^end
 *
 * All numbers are big-endian on the wire and host order here.
 */
#ifndef NB6_DHCP6_WIRE_H
#define NB6_DHCP6_WIRE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed view: valid as long as the buffer it was made of. Copy it freely. */
struct wire_in {
	const uint8_t *pos, *end;
	bool bad; /* something did not fit; sticks */
};

static inline struct wire_in wire_in_of(const void *buf, size_t len)
{
	const uint8_t *pos = buf;

	return (struct wire_in){.pos = pos, .end = len ? pos + len : pos};
}

/* Octets left; 0 once bad. (What is asked for in every loop over options is inline.) */
static inline size_t wire_left(const struct wire_in *in)
{
	return in->bad ? 0 : (size_t)(in->end - in->pos);
}

/* The next n octets and past them, or NULL and bad. */
static inline const uint8_t *wire_take(struct wire_in *in, size_t n)
{
	const uint8_t *here = in->pos;

	if (in->bad || (size_t)(in->end - in->pos) < n) {
		in->bad = true;
		return NULL;
	}
	if (n > 0)
		in->pos += n;
	return here;
}

/* The next number; 0 once bad. */
static inline uint8_t wire_get_u8(struct wire_in *in)
{
	const uint8_t *b = wire_take(in, 1);

	return b ? b[0] : 0;
}

static inline uint16_t wire_get_u16(struct wire_in *in)
{
	const uint8_t *b = wire_take(in, 2);

	return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

uint32_t wire_get_u32(struct wire_in *in);
struct in6_addr wire_get_in6(struct wire_in *in); /* 16 octets, :: once bad */

/* The next n octets as they stand in the buffer; NULL once bad (never for n = 0 before). */
static inline const uint8_t *wire_get_bytes(struct wire_in *in, size_t n)
{
	return wire_take(in, n);
}

/* A cursor over exactly the next n octets; where they do not fit both are bad. */
static inline struct wire_in wire_get_sub(struct wire_in *in, size_t n)
{
	const uint8_t *b = wire_take(in, n);

	if (in->bad)
		return (struct wire_in){.bad = true};
	return wire_in_of(b, n);
}

/* A writer into a buffer of fixed size. */
struct wire_out {
	uint8_t *buf;
	size_t len; /* written so far */
	size_t size;
	bool bad; /* something did not fit; sticks, and what did not fit is not written */
};

struct wire_out wire_out_of(void *buf, size_t size);

void wire_put_u8(struct wire_out *out, uint8_t value);
void wire_put_u16(struct wire_out *out, uint16_t value);
void wire_put_u32(struct wire_out *out, uint32_t value);
void wire_put_in6(struct wire_out *out, const struct in6_addr *address);
void wire_put_bytes(struct wire_out *out, const void *bytes, size_t n);

/*
 * A 16-bit length in front of something whose size is not known yet: open
 * writes the place, close fills in how much came after it. A length over
 * 65,535 makes the writer bad.
 *
 *	size_t mark = wire_open_len16(&out);
 *	... write ...
 *	wire_close_len16(&out, mark);
 */
size_t wire_open_len16(struct wire_out *out);
void wire_close_len16(struct wire_out *out, size_t mark);

#endif
