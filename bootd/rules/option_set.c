/* SPDX-License-Identifier: ISC */
/*
 * A set is one block of octets, which has each option as it is sent, header included, and an index
 * by code. An answer copies an option without encoding it again.
 */
#include "bootd/rules/option_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dhcp6/option.h"

static void remove_option(struct option_set *set, size_t i)
{
	struct option_octets gone = set->option[i];

	memmove(set->octets + gone.at, set->octets + gone.at + gone.len,
		set->len - gone.at - gone.len);
	set->len -= gone.len;
	set->options--;
	memmove(&set->option[i], &set->option[i + 1], (set->options - i) * sizeof(*set->option));
	for (size_t k = 0; k < set->options; k++)
		if (set->option[k].at > gone.at)
			set->option[k].at = (uint16_t)(set->option[k].at - gone.len);
}

static size_t place_of(const struct option_set *set, uint16_t code)
{
	size_t i = 0;

	while (i < set->options && set->option[i].code < code)
		i++;
	return i;
}

static int add(struct option_set *set, uint16_t code, bool of_information, const uint8_t *octets,
	size_t len)
{
	size_t i = place_of(set, code);
	struct option_octets *option;
	uint8_t *more;

	if (i < set->options && set->option[i].code == code)
		remove_option(set, i);
	if (set->len + len > OPTION_SET_MAX)
		return -ENOSPC;
	option = realloc(set->option, (set->options + 1) * sizeof(*option));
	if (!option)
		return -ENOMEM;
	set->option = option;
	more = realloc(set->octets, set->len + len);
	if (!more)
		return -ENOMEM;
	set->octets = more;
	memcpy(more + set->len, octets, len);
	memmove(&option[i + 1], &option[i], (set->options - i) * sizeof(*option));
	option[i] = (struct option_octets){.code = code,
		.of_information = of_information,
		.at = (uint16_t)set->len,
		.len = (uint16_t)len};
	set->options++;
	set->len += len;
	return 0;
}

int option_set_add(struct option_set *set, const struct dhcp6_option_type *type,
	const char *const value[], unsigned values, unsigned *bad)
{
	uint8_t octets[OPTION_SET_MAX];
	struct wire_out out = wire_out_of(octets, sizeof(octets));
	int rc = dhcp6_put_values(&out, type, value, values, bad);

	if (rc < 0)
		return rc;
	return out.bad ? -ENOSPC : add(set, type->code, type->of_information, octets, out.len);
}

int option_set_add_data(struct option_set *set, uint16_t code, const void *data, size_t len)
{
	uint8_t octets[OPTION_SET_MAX];
	struct wire_out out = wire_out_of(octets, sizeof(octets));

	dhcp6_put_option(&out, code, data, len);
	return out.bad ? -ENOSPC : add(set, code, false, octets, out.len);
}

int option_set_add_seconds(struct option_set *set, uint16_t code, uint32_t seconds)
{
	uint8_t octets[sizeof(uint32_t) + 4];
	struct wire_out out = wire_out_of(octets, sizeof(octets));

	if (seconds == 0)
		return 0;
	dhcp6_put_u32_option(&out, code, seconds);
	return add(set, code, code == DHCP6_OPT_INFO_REFRESH_TIME, octets, out.len);
}

void option_set_fini(struct option_set *set)
{
	free(set->option);
	free(set->octets);
	*set = (struct option_set){0};
}

void option_walk_add(struct option_walk *walk, const struct option_set *set)
{
	if (set->options > 0 && walk->sets < OPTION_SCOPES_MAX)
		walk->set[walk->sets++] = set;
}

const struct option_octets *option_walk_next(struct option_walk *walk, const uint8_t **octets)
{
	const struct option_octets *first = NULL;
	size_t of = 0;

	for (size_t i = 0; i < walk->sets; i++) {
		const struct option_set *set = walk->set[i];

		if (walk->next[i] < set->options &&
			(!first || set->option[walk->next[i]].code < first->code)) {
			first = &set->option[walk->next[i]];
			of = i;
		}
	}
	if (!first)
		return NULL;
	*octets = walk->set[of]->octets + first->at;
	for (size_t i = of; i < walk->sets; i++)
		if (walk->next[i] < walk->set[i]->options &&
			walk->set[i]->option[walk->next[i]].code == first->code)
			walk->next[i]++;
	return first;
}
