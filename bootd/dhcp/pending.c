/* SPDX-License-Identifier: ISC */
/*
 * Each waiting request is one block of memory: the struct pending, then for a whole request the
 * struct request, then the datagram, then the encoded answer.
 */
#include "bootd/dhcp/pending.h"

#include <stdlib.h>
#include <string.h>

#include "bootd/dhcp/exchange.h"

enum { SPARE_OCTETS = 6 * 1024, SPARES_MAX = 128 };

static void copy_arrived(struct arrived *to, const struct arrived *from)
{
	*to = *from;
	to->arrival.on_link = to->on_link;
	to->arrival.mac = from->arrival.mac ? to->mac : NULL;
	to->arrival.link_name = from->arrival.link_name ? to->link_name : NULL;
}

/*
 * Blocks are allocated and freed by the dozen with each commit. Some are kept, so that malloc()
 * does not give their memory back to the kernel and get it again.
 */
static struct pending *allocate(struct pending_memory *memory, size_t size)
{
	struct pending *pending = memory->spare;

	if (pending && pending->allocated >= size) {
		memory->spare = pending->next;
		memory->spares--;
		return pending;
	}
	if (size < SPARE_OCTETS)
		size = SPARE_OCTETS;
	pending = malloc(size);
	if (pending)
		pending->allocated = size;
	return pending;
}

static struct pending *new_block(struct pending_memory *memory, const struct udp_datagram *datagram,
	const struct arrived *arrived, size_t before_datagram, size_t behind)
{
	size_t size = sizeof(struct pending) + before_datagram + datagram->len + behind;
	struct pending *pending =
		size <= memory->max - memory->octets ? allocate(memory, size) : NULL;
	uint8_t *octets;

	if (!pending)
		return NULL;
	octets = (uint8_t *)(pending + 1) + before_datagram;
	*pending = (struct pending){
		.datagram = *datagram, .size = size, .allocated = pending->allocated};
	copy_arrived(&pending->arrived, arrived);
	memcpy(octets, datagram->data, datagram->len);
	pending->datagram.data = octets;
	memory->octets += size;
	return pending;
}

struct pending *pending_new(struct pending_memory *memory, const struct udp_datagram *datagram,
	const struct arrived *arrived, unsigned retries)
{
	struct pending *pending = new_block(memory, datagram, arrived, 0, 0);

	if (pending)
		pending->retries = retries;
	return pending;
}

struct pending *pending_of_request(struct pending_memory *memory,
	const struct udp_datagram *datagram, const struct arrived *arrived,
	const struct request *request)
{
	const struct wire_out *answer = &request->answer.out;
	struct pending *pending =
		new_block(memory, datagram, arrived, sizeof(*request), answer->len);
	struct wire_out copy;

	if (!pending)
		return NULL;
	copy = wire_out_of(
		(uint8_t *)(uintptr_t)pending->datagram.data + datagram->len, answer->len);
	wire_put_bytes(&copy, answer->buf, answer->len);
	pending->retries = request->retries;
	pending->request = (struct request *)(pending + 1);
	request_move(pending->request, request, &pending->arrived.arrival,
		wire_in_of(pending->datagram.data, datagram->len), copy);
	return pending;
}

void pending_free(struct pending_memory *memory, struct pending *pending)
{
	memory->octets -= pending->size;
	if (memory->spares == SPARES_MAX || pending->allocated > SPARE_OCTETS) {
		free(pending);
		return;
	}
	pending->next = memory->spare;
	memory->spare = pending;
	memory->spares++;
}

void pending_append(struct pending_list *list, struct pending *pending)
{
	pending->next = NULL;
	*(list->last ? &list->last->next : &list->first) = pending;
	list->last = pending;
	list->count++;
}

struct pending *pending_pop(struct pending_list *list)
{
	struct pending *pending = list->first;

	if (!pending)
		return NULL;
	list->first = pending->next;
	if (!list->first)
		list->last = NULL;
	list->count--;
	return pending;
}

void pending_prepend(struct pending_list *list, const struct pending_list *before)
{
	if (!before->first)
		return;
	before->last->next = list->first;
	list->first = before->first;
	if (!list->last)
		list->last = before->last;
	list->count += before->count;
}

void pending_free_all(struct pending_memory *memory, struct pending_list *list)
{
	struct pending *pending;

	while ((pending = pending_pop(list)))
		pending_free(memory, pending);
}

void pending_memory_fini(struct pending_memory *memory)
{
	struct pending *pending;

	while ((pending = memory->spare)) {
		memory->spare = pending->next;
		free(pending);
	}
	memory->spares = 0;
}
