/* SPDX-License-Identifier: ISC */
/*
 * The database file of a lease store. Opening it means, in this order: lock it against another
 * server, check that it is a file of leases before anything is written, recover the write-ahead
 * log, check every page, and create or upgrade the tables.
 */
#include "bootd/leases/sqlite_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "bootd/leases/sql.h"
#include "daemon/log.h"

enum {
	APPLICATION_ID = 0x6e623601, /* "nb6", 1: leases */
	LOG_FRAMES = 256,            /* when the log is copied to the database and used again */
	LOG_OCTETS = 5 * 1024 * LOG_FRAMES,
	BUSY_MS = 200, /* how long an operator's transaction may block ours */
};

/* --- errors -------------------------------------------------------------------- */

int sqlite_file_fail(struct sqlite_file *file, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(file->why, sizeof(file->why), fmt, ap);
	va_end(ap);
	return rc;
}

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

int sqlite_file_failed(struct sqlite_file *file)
{
	return sqlite_file_fail(
		file, errno_of(sqlite3_errcode(file->db)), "%s", sqlite3_errmsg(file->db));
}

/* --- small steps ----------------------------------------------------------------- */

static int execute(struct sqlite_file *file, const char *sql)
{
	return sqlite3_exec(file->db, sql, NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : sqlite_file_failed(file);
}

/* A statement that gives no rows. */
int sqlite_file_run(struct sqlite_file *file, sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		rc = 0;
	else
		rc = sqlite_file_failed(file);
	sqlite3_reset(statement);
	return rc;
}

int sqlite_file_prepare(
	struct sqlite_file *file, const char *sql, sqlite3_stmt *statement[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (sqlite3_prepare_v3(file->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement[i],
			    &sql) != SQLITE_OK)
			return sqlite_file_failed(file);
	return 0;
}

/* A statement with one number in one row, a pragma such as user_version. */
static int ask_number(struct sqlite_file *file, const char *sql, int *number)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite_file_prepare(file, sql, &statement, 1);

	if (rc == 0 && sqlite3_step(statement) == SQLITE_ROW)
		*number = sqlite3_column_int(statement, 0);
	else if (rc == 0)
		rc = sqlite_file_failed(file);
	sqlite3_finalize(statement);
	return rc;
}

/* --- opening ---------------------------------------------------------------------- */

static int lock_file(struct sqlite_file *file, const char *path)
{
	char lock[SQLITE_FILE_PATH];

	if (snprintf(lock, sizeof(lock), "%s.lock", path) >= (int)sizeof(lock))
		return sqlite_file_fail(file, -ENAMETOOLONG, "the name is too long");
	file->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->lock_fd < 0)
		return sqlite_file_fail(file, -errno, "%s.lock: %s", path, strerror(errno));
	if (flock(file->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return sqlite_file_fail(
			file, -EBUSY, "another netboot6-bootd gives leases from this file");
	return 0;
}

/*
 * SQLite would make it readable for all. A file that exists keeps its mode, and SQLite gives its
 * journal the same one.
 */
static int create_file(struct sqlite_file *file, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		return sqlite_file_fail(file, -errno, "%s: %s", path, strerror(errno));
	close(fd);
	return 0;
}

/* All in one transaction. `before` and `after`: the steps of an upgrade before and after it. */
static int create_schema(struct sqlite_file *file, const char *before, const char *after)
{
	char stamp[128];
	int rc = execute(file, "BEGIN IMMEDIATE");

	snprintf(stamp, sizeof(stamp), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		APPLICATION_ID, SQLITE_FILE_SCHEMA);
	if (rc == 0)
		rc = execute(file, before);
	if (rc == 0)
		rc = execute(file, sql_sqlite_schema);
	if (rc == 0)
		rc = execute(file, after);
	if (rc == 0)
		rc = execute(file, stamp);
	/* If it fails, closing the file rolls back. */
	return rc == 0 ? execute(file, "COMMIT") : rc;
}

/* Called before anything is written, because switching to the write-ahead log changes the file. */
static int check_owner(struct sqlite_file *file)
{
	int tables = 0, id = 0;
	int rc = ask_number(file, "SELECT count(*) FROM sqlite_master", &tables);

	if (rc == 0)
		rc = ask_number(file, "PRAGMA application_id", &id);
	if (rc == 0 && id != APPLICATION_ID && (id != 0 || tables > 0))
		rc = sqlite_file_fail(file, -EBADMSG, "it is a database, but not one of leases");
	return rc;
}

static int check_schema(struct sqlite_file *file)
{
	int tables = 0, id = 0, version = 0;
	int rc = ask_number(file, "SELECT count(*) FROM sqlite_master", &tables);

	if (rc == 0)
		rc = ask_number(file, "PRAGMA application_id", &id);
	if (rc == 0)
		rc = ask_number(file, "PRAGMA user_version", &version);
	if (rc < 0)
		return rc;
	if (tables == 0 && id == 0 && version == 0)
		return create_schema(file, "", "");
	if (version == 1)
		return create_schema(
			file, "ALTER TABLE lease RENAME TO lease_1", sql_sqlite_upgrade_1);
	if (version != SQLITE_FILE_SCHEMA)
		return sqlite_file_fail(file, -EPROTONOSUPPORT,
			"its schema has version %d; this netboot6-bootd knows version %d only",
			version, SQLITE_FILE_SCHEMA);
	return 0;
}

/* Checks every page, and the index against the table. */
static int check_pages(struct sqlite_file *file)
{
	sqlite3_stmt *check = NULL;
	const char *said = NULL;
	int rc = sqlite_file_prepare(file, "PRAGMA integrity_check(1)", &check, 1);

	if (rc == 0 && sqlite3_step(check) != SQLITE_ROW)
		rc = sqlite_file_failed(file);
	if (rc == 0)
		said = (const char *)sqlite3_column_text(check, 0);
	if (rc == 0 && (!said || strcmp(said, "ok") != 0))
		rc = sqlite_file_fail(
			file, -EBADMSG, "it is damaged: %s", said ? said : "no answer");
	sqlite3_finalize(check);
	return rc;
}

/* Called before SQLite opens the file, because it cuts the log off at the first invalid frame. */
static int check_log(struct sqlite_file *file, const char *path)
{
	char wal[SQLITE_FILE_PATH + 8];
	struct sqlite_wal_check check;
	int rc;

	snprintf(wal, sizeof(wal), "%s-wal", path);
	rc = sqlite_wal_check(wal, &check);
	if (rc < 0)
		return sqlite_file_fail(file, rc, "%s: %s", wal, strerror(-rc));
	if (check.has_bad_header || check.lost_commits > 1)
		return sqlite_file_fail(file, -EBADMSG,
			"its write-ahead log %s is damaged: %u transactions after the damage "
			"cannot be read",
			wal, check.lost_commits);
	if (check.lost_commits == 1)
		log_warning("leases %s: the last transaction of the write-ahead log is "
			    "incomplete, as after a crash: its leases were not "
			    "acknowledged and are discarded",
			path);
	return 0;
}

/*
 * Start a new log, because the remains of an incomplete transaction in the old one would look like
 * damage at the next start. The old one stays if another process has the database open.
 */
static void renew_log(struct sqlite_file *file)
{
	char wal[SQLITE_FILE_PATH + 8];

	snprintf(wal, sizeof(wal), "%s-wal", file->path);
	sqlite3_wal_checkpoint_v2(file->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite_wal_preallocate(wal, LOG_OCTETS);
}

static int open_database(struct sqlite_file *file, const char *path)
{
	int rc = sqlite3_open_v2(path, &file->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc != SQLITE_OK)
		return file->db ? sqlite_file_failed(file)
				: sqlite_file_fail(file, -ENOMEM, "no memory");
	if (sqlite3_db_readonly(file->db, "main"))
		return sqlite_file_fail(file, -EROFS, "it can be read, but not written");
	sqlite3_busy_timeout(file->db, BUSY_MS);
	rc = check_owner(file);
	if (rc < 0)
		return rc;
	/* First the log, which recovers after a crash, then the check. */
	rc = execute(file, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			   "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;"
			   "PRAGMA journal_size_limit = -1");
	sqlite3_wal_autocheckpoint(file->db, LOG_FRAMES);
	if (rc == 0)
		rc = check_pages(file);
	if (rc == 0)
		rc = check_schema(file);
	if (rc == 0)
		renew_log(file);
	return rc;
}

int sqlite_file_open(struct sqlite_file *file, const char *path)
{
	int rc;

	*file = (struct sqlite_file){.lock_fd = -1};
	snprintf(file->path, sizeof(file->path), "%s", path);
	rc = lock_file(file, path);
	if (rc == 0)
		rc = check_log(file, path);
	if (rc == 0)
		rc = create_file(file, path);
	return rc < 0 ? rc : open_database(file, path);
}

void sqlite_file_close(struct sqlite_file *file)
{
	sqlite3_close(file->db);
	if (file->lock_fd >= 0)
		close(file->lock_fd);
}
