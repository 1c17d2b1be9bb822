/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: some allocations of the program and of all its libraries fail, while the first
 * octet of the file NB6_FAIL is not 0: one of so many, by chance. For glibc.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static const volatile unsigned char *one_of;

static __attribute__((constructor)) void open_switch(void)
{
	const char *path = getenv("NB6_FAIL");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *octets = fd >= 0 ? mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (octets == MAP_FAILED)
		abort(); /* a test without failures would prove nothing */
	close(fd);
	one_of = octets;
}

static int fails(void)
{
	static atomic_ulong count;
	unsigned long x = (++count) * 0x9e3779b97f4a7c15ul;

	x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9ul;
	if (!one_of || *one_of == 0 || (x ^ x >> 32) % *one_of != 0)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
