/* SPDX-License-Identifier: ISC */
/* Any file as a capture: what is found in it is inside it. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "netboot6/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture_datagram datagram;
	struct capture capture;

	if (capture_open(&capture, data, size) < 0)
		return 0;
	while (capture_next(&capture, &datagram))
		assert(datagram.data >= data && datagram.len <= size &&
			datagram.data + datagram.len <= data + size);
	return 0;
}
