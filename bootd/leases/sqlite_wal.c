/* SPDX-License-Identifier: ISC */
/*
 * Reads SQLite's write-ahead log before SQLite does, and tells a transaction that a crash has cut
 * off from damage to synced transactions (sqlite_store.h says why). All numbers are big-endian. The
 * checksums add 32-bit words, whose byte order the magic number gives.
 */
#include "bootd/leases/sqlite_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADER = 32,
	FRAME_HEADER = 24,
	PAGE_MIN = 512,
	PAGE_MAX = 65536,
	MAGIC = 0x377f0682, /* the last bit: checksums of big-endian words */
};

struct wal {
	int fd;
	uint8_t header[HEADER];
	uint8_t *frame; /* FRAME_HEADER and a page */
	uint32_t page;
	uint32_t sum[2]; /* of all frames so far */
};

static uint32_t get_u32(const uint8_t *octets)
{
	return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
	       octets[3];
}

static uint32_t get_word(const struct wal *wal, const uint8_t *octets)
{
	if (wal->header[3] & 1)
		return get_u32(octets);
	return (uint32_t)octets[3] << 24 | (uint32_t)octets[2] << 16 | (uint32_t)octets[1] << 8 |
	       octets[0];
}

static void add_to_sum(const struct wal *wal, const uint8_t *octets, size_t len, uint32_t sum[2])
{
	for (size_t i = 0; i + 8 <= len; i += 8) {
		sum[0] += get_word(wal, octets + i) + sum[1];
		sum[1] += get_word(wal, octets + i + 4) + sum[0];
	}
}

static bool is_sum(const uint32_t sum[2], const uint8_t *octets)
{
	return sum[0] == get_u32(octets) && sum[1] == get_u32(octets + 4);
}

static bool is_zero(const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (octets[i])
			return false;
	return true;
}

static bool has_valid_header(struct wal *wal)
{
	wal->page = get_u32(wal->header + 8);
	wal->sum[0] = wal->sum[1] = 0;
	add_to_sum(wal, wal->header, HEADER - 8, wal->sum);
	return (get_u32(wal->header) & ~1u) == MAGIC && wal->page >= PAGE_MIN &&
	       wal->page <= PAGE_MAX && (wal->page & (wal->page - 1)) == 0 &&
	       is_sum(wal->sum, wal->header + HEADER - 8);
}

/* A frame of an older use of the file has other salts: the current log ends before it. */
static bool is_current(const struct wal *wal)
{
	return memcmp(wal->frame + 8, wal->header + 16, 8) == 0;
}

static bool is_valid(struct wal *wal)
{
	uint32_t sum[2] = {wal->sum[0], wal->sum[1]};

	add_to_sum(wal, wal->frame, 8, sum);
	add_to_sum(wal, wal->frame + FRAME_HEADER, wal->page, sum);
	if (!is_current(wal) || !is_sum(sum, wal->frame + 16))
		return false;
	memcpy(wal->sum, sum, sizeof(sum));
	return true;
}

static void check_frames(struct wal *wal, struct sqlite_wal_check *check)
{
	size_t size = FRAME_HEADER + wal->page;
	bool is_good = true;

	for (off_t at = HEADER; pread(wal->fd, wal->frame, size, at) == (ssize_t)size;
		at += (off_t)size) {
		bool ends_transaction = get_u32(wal->frame + 4) != 0;

		is_good = is_good && is_valid(wal);
		check->frames += is_good;
		if (is_good || !is_current(wal))
			continue;
		check->lost_frames++;
		check->lost_commits += ends_transaction;
	}
}

/* Without a header nothing is known of the frames, but there must be none. */
static bool has_octets(struct wal *wal)
{
	uint8_t octets[4096];
	ssize_t len;
	off_t at = 0;

	while ((len = pread(wal->fd, octets, sizeof(octets), at)) > 0) {
		if (!is_zero(octets, (size_t)len))
			return true;
		at += len;
	}
	return false;
}

int sqlite_wal_check(const char *wal_path, struct sqlite_wal_check *check)
{
	struct wal wal = {.fd = open(wal_path, O_RDONLY | O_CLOEXEC)};
	int rc = 0;

	*check = (struct sqlite_wal_check){0};
	if (wal.fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (pread(wal.fd, wal.header, HEADER, 0) < HEADER || !has_valid_header(&wal)) {
		check->has_bad_header = has_octets(&wal);
	} else {
		wal.frame = malloc(FRAME_HEADER + wal.page);
		if (wal.frame)
			check_frames(&wal, check);
		else
			rc = -ENOMEM;
		free(wal.frame);
	}
	close(wal.fd);
	return rc;
}

void sqlite_wal_preallocate(const char *wal_path, size_t size)
{
	static const uint8_t zeros[65536];
	int fd = open(wal_path, O_WRONLY | O_CLOEXEC);
	struct stat status;
	off_t at = 0;

	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0)
		at = status.st_size;
	while (at < (off_t)size) {
		size_t left = size - (size_t)at;
		ssize_t n = pwrite(fd, zeros, left < sizeof(zeros) ? left : sizeof(zeros), at);

		if (n <= 0)
			break;
		at += n;
	}
	fdatasync(fd);
	close(fd);
}
