/* SPDX-License-Identifier: ISC */
/*
 * The two cursors. Every access to a packet in this project comes through
 * wire_take() (wire.h) or room() below; those are the two bounds checks there are.
 */
#include "dhcp6/wire.h"

#include <string.h>

uint32_t wire_get_u32(struct wire_in *in)
{
	const uint8_t *b = wire_take(in, 4);

	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

struct in6_addr wire_get_in6(struct wire_in *in)
{
	const uint8_t *b = wire_take(in, 16);
	struct in6_addr address = {0};

	if (b)
		memcpy(&address, b, sizeof(address));
	return address;
}

struct wire_out wire_out_of(void *buf, size_t size)
{
	return (struct wire_out){.buf = buf, .size = size};
}

/* Room for n more octets, counted as written, or NULL and bad. */
static uint8_t *room(struct wire_out *out, size_t n)
{
	uint8_t *here;

	if (out->bad || out->size - out->len < n) {
		out->bad = true;
		return NULL;
	}
	here = out->buf + out->len;
	out->len += n;
	return here;
}

void wire_put_u8(struct wire_out *out, uint8_t value)
{
	wire_put_bytes(out, &value, 1);
}

void wire_put_u16(struct wire_out *out, uint16_t value)
{
	uint8_t b[] = {(uint8_t)(value >> 8), (uint8_t)value};

	wire_put_bytes(out, b, sizeof(b));
}

void wire_put_u32(struct wire_out *out, uint32_t value)
{
	uint8_t b[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
		(uint8_t)value};

	wire_put_bytes(out, b, sizeof(b));
}

void wire_put_in6(struct wire_out *out, const struct in6_addr *address)
{
	wire_put_bytes(out, address, sizeof(*address));
}

void wire_put_bytes(struct wire_out *out, const void *bytes, size_t n)
{
	uint8_t *here = n > 0 ? room(out, n) : NULL; /* a cursor over nothing has no buffer */

	if (here)
		memcpy(here, bytes, n);
}

size_t wire_open_len16(struct wire_out *out)
{
	size_t mark = out->len;

	wire_put_u16(out, 0);
	return mark;
}

void wire_close_len16(struct wire_out *out, size_t mark)
{
	size_t n;

	if (out->bad)
		return;
	n = out->len - mark - 2;
	if (n > UINT16_MAX) {
		out->bad = true;
		return;
	}
	out->buf[mark] = (uint8_t)(n >> 8);
	out->buf[mark + 1] = (uint8_t)n;
}
