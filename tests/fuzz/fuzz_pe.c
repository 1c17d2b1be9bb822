/* SPDX-License-Identifier: ISC */
/* Any octets as the header of an EFI program: what is read of it is a length and a machine. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bootd/files/pe_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *start, size_t start_len, const uint8_t *data, size_t size)
{
	struct pe_image image;
	int fd = memfd_create("program", MFD_CLOEXEC), rc;

	if (fd < 0 || write(fd, start, start_len) != (ssize_t)start_len ||
		write(fd, data, size) != (ssize_t)size)
		abort();
	rc = pe_image_read(fd, &image);
	if (rc != 0 && rc != -ENOEXEC)
		abort();
	/* an offset and a length of 32 bits each */
	if (image.least_length > UINT64_C(0x1fffffffe))
		abort();
	(void)pe_machine_name(image.machine);
	close(fd);
}

/* The corpus has programs without their first two octets, because source packages have no programs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t start[] = {'M', 'Z'};

	check(start, 0, data, size);
	check(start, sizeof(start), data, size);
	return 0;
}
