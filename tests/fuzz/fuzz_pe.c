/* SPDX-License-Identifier: ISC */
/* Any octets as the header of an EFI program: what is read of it is a length and a machine. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bootd/files/pe_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pe_image image;
	int fd = memfd_create("program", MFD_CLOEXEC), rc;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	rc = pe_image_read(fd, &image);
	if (rc != 0 && rc != -ENOEXEC)
		abort();
	/* an offset and a length of 32 bits each */
	if (image.least_length > UINT64_C(0x1fffffffe))
		abort();
	(void)pe_machine_name(image.machine);
	close(fd);
	return 0;
}
