/* SPDX-License-Identifier: ISC */
/*
 * A binary heap of delegations by the time at which they end: adding, removing and changing one
 * costs a few steps, whatever their number.
 */
#include <stdlib.h>

#include "relayd/prefixes/delegation_table.h"

static void set(struct delegation_heap *heap, size_t i, struct delegation *d)
{
	heap->of[i] = d;
	d->heap_index = i;
}

void delegation_heap_fix(struct delegation_heap *heap, struct delegation *d)
{
	struct delegation **of = heap->of;
	size_t i = d->heap_index;

	for (; i > 0 && of[(i - 1) / 2]->until_ms > d->until_ms; i = (i - 1) / 2)
		set(heap, i, of[(i - 1) / 2]);
	while (2 * i + 1 < heap->count) {
		size_t child = 2 * i + 1;

		if (child + 1 < heap->count && of[child + 1]->until_ms < of[child]->until_ms)
			child++;
		if (of[child]->until_ms >= d->until_ms)
			break;
		set(heap, i, of[child]);
		i = child;
	}
	set(heap, i, d);
}

bool delegation_heap_has_room(struct delegation_heap *heap)
{
	size_t size = heap->size ? 2 * heap->size : 64;
	struct delegation **of;

	if (heap->count < heap->size)
		return true;
	of = realloc(heap->of, size * sizeof(struct delegation *));
	if (!of)
		return false;
	heap->of = of;
	heap->size = size;
	return true;
}

void delegation_heap_add(struct delegation_heap *heap, struct delegation *d)
{
	set(heap, heap->count++, d);
	delegation_heap_fix(heap, d);
}

void delegation_heap_remove(struct delegation_heap *heap, struct delegation *d)
{
	struct delegation *last = heap->of[--heap->count];

	if (last == d)
		return;
	set(heap, d->heap_index, last);
	delegation_heap_fix(heap, last);
}
