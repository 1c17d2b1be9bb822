/* SPDX-License-Identifier: ISC */
/*
 * Small files of random octets. They are created atomically: written under a temporary name, then
 * linked. Two servers that start at the same time end up with the same contents.
 */
#include "bootd/config/conf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bootd/bindings/stable_address.h"
#include "daemon/file.h"

/* Leases, key and DUID are private: only bootd's user and group may read them. */
enum { STATE_MODE = 0750 };

enum { KEY_FILE_LEN = 32, KEY_FILE_MAX = 1024, PATH_SIZE = 1024 };

static int read_whole(const char *path, uint8_t *buf, size_t size, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size);
	*len = n > 0 ? (size_t)n : 0;
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

static int write_aside(const char *path, const uint8_t *octets, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, octets, len) != (ssize_t)len || fsync(fd) < 0)
		rc = errno ? -errno : -EIO;
	close(fd);
	return rc;
}

/* If another process creates it at the same time, the first link wins and both read that file. */
static int make_file(const char *path, const uint8_t *octets, size_t len)
{
	char aside[PATH_SIZE];
	int rc = file_make_directory_of(path, STATE_MODE);

	if (rc < 0)
		return rc;
	if (snprintf(aside, sizeof(aside), "%s.%d", path, (int)getpid()) >= (int)sizeof(aside))
		return -ENAMETOOLONG;
	rc = write_aside(aside, octets, len);
	if (rc == 0 && link(aside, path) < 0 && errno != EEXIST)
		rc = -errno;
	unlink(aside);
	return rc < 0 ? rc : file_sync_directory_of(path);
}

/* Read the file, after creating it with these octets if it does not exist. */
static int read_or_make(const char *path, const uint8_t *fresh, size_t fresh_len, uint8_t *buf,
	size_t size, size_t *len)
{
	int rc = read_whole(path, buf, size, len);

	if (rc != -ENOENT)
		return rc;
	rc = make_file(path, fresh, fresh_len);
	return rc < 0 ? rc : read_whole(path, buf, size, len);
}

static int fill_key(struct boot_config *config)
{
	uint8_t fresh[KEY_FILE_LEN], buf[KEY_FILE_MAX];
	size_t len;
	int rc;

	if (getrandom(fresh, sizeof(fresh), 0) != sizeof(fresh))
		return -EAGAIN;
	rc = read_or_make(config->key_file, fresh, sizeof(fresh), buf, sizeof(buf), &len);
	if (rc < 0)
		return rc;
	if (len < BOOT_KEY_LEN)
		return -EBADMSG;
	stable_address_key(buf, len, config->key);
	config->has_key = config->key_is_of_file = true;
	return 0;
}

/* A DUID-UUID (RFC 6355) of a random UUID (RFC 9562 section 5.4). */
static int fill_duid(struct boot_config *config)
{
	uint8_t fresh[2 + DHCP6_UUID_LEN] = {0, DHCP6_DUID_UUID}, buf[DHCP6_DUID_MAX + 1];
	size_t len;
	int rc;

	if (getrandom(fresh + 2, DHCP6_UUID_LEN, 0) != DHCP6_UUID_LEN)
		return -EAGAIN;
	fresh[2 + 6] = (uint8_t)((fresh[2 + 6] & 0x0f) | 0x40);
	fresh[2 + 8] = (uint8_t)((fresh[2 + 8] & 0x3f) | 0x80);
	rc = read_or_make(config->duid_file, fresh, sizeof(fresh), buf, sizeof(buf), &len);
	return rc < 0 ? rc : dhcp6_duid_read(wire_in_of(buf, len), &config->server_duid);
}

int secret_files_fill(struct boot_config *config, const char **file)
{
	int rc = 0;

	*file = config->key_file;
	if (!config->has_key)
		rc = fill_key(config);
	if (rc == 0 && config->server_duid.len == 0) {
		*file = config->duid_file;
		rc = fill_duid(config);
	}
	return rc;
}
