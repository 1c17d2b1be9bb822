/* SPDX-License-Identifier: ISC */
#include "tests/fuzz/mutate.h"

#include <string.h>

#include "tests/unit/random.h"

struct input {
	uint8_t *data;
	size_t len;
};

static const struct mutate_seed *any_of(const struct mutate_seed *corpus, size_t n)
{
	return &corpus[random_below(n)];
}

/* Values that lengths and counters trip over. */
static uint8_t odd_octet(void)
{
	static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff};
	size_t which = random_below(sizeof(odd) + 1);

	return which < sizeof(odd) ? odd[which] : (uint8_t)random_u64();
}

static void change_octets(struct input *in)
{
	for (size_t times = 1 + random_below(8); in->len > 0 && times > 0; times--)
		in->data[random_below(in->len)] = odd_octet();
}

static void flip_bit(struct input *in)
{
	if (in->len > 0)
		in->data[random_below(in->len)] ^= (uint8_t)(1u << random_below(8));
}

/* Any two octets may be a length. */
static void lie_about_length(struct input *in)
{
	static const uint16_t lies[] = {0, 1, 2, 4, 300, 0x7fff, 0xffff};
	uint16_t lie = lies[random_below(sizeof(lies) / sizeof(lies[0]))];
	size_t at;

	if (in->len < 2)
		return;
	at = random_below(in->len - 1);
	in->data[at] = (uint8_t)(lie >> 8);
	in->data[at + 1] = (uint8_t)lie;
}

static void cut_end(struct input *in)
{
	in->len = random_below(in->len + 1);
}

static void cut_out(struct input *in)
{
	size_t at = random_below(in->len + 1);
	size_t n = random_below(16) + 1;

	if (n > in->len - at)
		n = in->len - at;
	memmove(in->data + at, in->data + at + n, in->len - at - n);
	in->len -= n;
}

static void insert(struct input *in, const uint8_t *what, size_t n)
{
	size_t at = random_below(in->len + 1);

	if (n > MUTATE_MOST - in->len)
		n = MUTATE_MOST - in->len;
	memmove(in->data + at + n, in->data + at, in->len - at);
	memcpy(in->data + at, what, n);
	in->len += n;
}

static void insert_noise(struct input *in)
{
	uint8_t noise[32];
	size_t n = 1 + random_below(sizeof(noise));

	random_fill(noise, n);
	insert(in, noise, n);
}

static void repeat_piece(struct input *in)
{
	uint8_t piece[512];
	size_t at = random_below(in->len + 1), n = random_below(sizeof(piece));

	if (n > in->len - at)
		n = in->len - at;
	memcpy(piece, in->data + at, n);
	insert(in, piece, n);
}

static void insert_piece_of(struct input *in, const struct mutate_seed *other)
{
	size_t at = random_below(other->len + 1), n = random_below(512);

	insert(in, other->data + at, n < other->len - at ? n : other->len - at);
}

size_t mutate_input(
	uint64_t seed, uint64_t number, const struct mutate_seed *corpus, size_t n, uint8_t *out)
{
	static void (*const change[])(struct input *) = {change_octets, flip_bit, lie_about_length,
		cut_end, cut_out, insert_noise, repeat_piece};
	enum { CHANGES = sizeof(change) / sizeof(change[0]) };
	const struct mutate_seed *from;
	struct input in = {.data = out};

	random_state = seed ^ number * 0xd1342543de82ef95;
	from = any_of(corpus, n);
	in.len = from->len < MUTATE_MOST ? from->len : MUTATE_MOST;
	memcpy(out, from->data, in.len);
	for (size_t times = 1 + random_below(4); times > 0; times--) {
		size_t which = random_below(CHANGES + 1);

		if (which < CHANGES)
			change[which](&in);
		else
			insert_piece_of(&in, any_of(corpus, n));
	}
	return in.len;
}
