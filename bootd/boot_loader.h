/* SPDX-License-Identifier: ISC */
/*
 * Reads the configuration again in a thread, while the loop goes on answering clients:
 *
 *	boot_loader_begin(), owner's begin(), a thread reads and checks, owner's apply(), done()
 *
 * Only one reading runs at a time, and until apply() nothing else may parse, because the names of
 * files are kept in one list for the whole process. Whoever begins meanwhile waits for another reading after this
 * one, since the files may have changed behind the reader.
 */
#ifndef NB6_BOOTD_BOOT_LOADER_H
#define NB6_BOOTD_BOOT_LOADER_H

struct boot_config;
struct boot_loader;
struct config_problems;
struct loop;

struct boot_loader_owner {
	/* Nothing may be parsed from now until apply(). */
	void (*begin)(void *arg);
	/*
	 * What was read, which is the owner's from now on; NULL: `rc` and `problems` say why not.
	 * Returns 0, or -errno if the configuration is not in force; it may add problems.
	 */
	int (*apply)(
		void *arg, struct boot_config *config, int rc, struct config_problems *problems);
	void *arg;
};

/* How the reload ended: 0 or -errno. `problems` are borrowed. */
typedef void boot_loader_done_fn(void *arg, int rc, const struct config_problems *problems);

/* `path` is borrowed. NULL: no memory, or no descriptors. */
struct boot_loader *boot_loader_new(
	struct loop *loop, const char *path, const struct boot_loader_owner *owner);
/* Waits for a reading that runs; all who wait are told -ECANCELED. NULL is fine. */
void boot_loader_free(struct boot_loader *loader);

/* done() is called once, in the loop or within this call. */
void boot_loader_begin(struct boot_loader *loader, boot_loader_done_fn *done, void *arg);

#endif
