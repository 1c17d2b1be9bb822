/* SPDX-License-Identifier: ISC */
/* One block of memory per datagram. */
#include "bootd/dhcp/waiting.h"

#include <stdlib.h>
#include <string.h>

struct waiting_one *waiting_new(struct waiting_room *room, const struct udp_datagram *datagram)
{
	size_t size = sizeof(struct waiting_one) + datagram->len;
	struct waiting_one *one = size <= room->most - room->octets ? malloc(size) : NULL;

	if (!one)
		return NULL;
	*one = (struct waiting_one){.datagram = *datagram};
	memcpy(one + 1, datagram->data, datagram->len);
	one->datagram.data = (const uint8_t *)(one + 1);
	room->octets += size;
	return one;
}

void waiting_append(struct waiting *list, struct waiting_one *one)
{
	one->next = NULL;
	*(list->last ? &list->last->next : &list->first) = one;
	list->last = one;
	list->count++;
}

struct waiting_one *waiting_take(struct waiting *list)
{
	struct waiting_one *one = list->first;

	if (!one)
		return NULL;
	list->first = one->next;
	if (!list->first)
		list->last = NULL;
	list->count--;
	return one;
}

void waiting_free(struct waiting_room *room, struct waiting_one *one)
{
	room->octets -= sizeof(*one) + one->datagram.len;
	free(one);
}

void waiting_free_all(struct waiting_room *room, struct waiting *list)
{
	struct waiting_one *one;

	while ((one = waiting_take(list)))
		waiting_free(room, one);
}
