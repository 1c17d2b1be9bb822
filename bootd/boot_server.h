/* SPDX-License-Identifier: ISC */
/*
 * bootd as a whole: the configuration in force, the DHCPv6 service, the file servers, the
 * progress of boots and the control socket. The server starts its parts in order, passes what
 * one part observes to the others, reloads the configuration, and stops everything.
 */
#ifndef NB6_BOOTD_BOOT_SERVER_H
#define NB6_BOOTD_BOOT_SERVER_H

#include "bootd/boot_leases.h"
#include "bootd/boot_loader.h"
#include "bootd/boot_scripts.h"
#include "bootd/boot_sockets.h"
#include "bootd/dhcp/exchange.h"
#include "bootd/progress/boot_progress.h"
#include "bootd/view/boot_control.h"
#include "bootd/view/boot_view.h"

struct config_problems;
struct loop;
struct loop_timer;
struct thread_pool;

struct boot_server {
	struct loop *loop;
	struct boot_parts parts; /* what the views show: the configuration, the services */
	struct exchange exchange;
	struct boot_progress progress;
	struct boot_leases leases;
	struct file_root *root;      /* NULL: no root */
	struct thread_pool *readers; /* of boot files that are not in memory */
	struct boot_files files;
	struct boot_scripts scripts;
	struct boot_sockets sockets;
	struct boot_control control;
	char *config_path;
	bool pools_are_stale; /* a host's own address became free for its pool again */
	struct loop_timer *sweep;
	struct boot_loader *loader;

	/* During a reload: what is prepared and not in force yet. */
	struct boot_config *next_config;
	struct file_root *next_root;
	struct tls_credentials *next_credentials;
	struct config_problems *problems;
};

/*
 * Start with `config`, which was loaded from config_path and is the server's from now on, and open
 * every socket. Returns 0 or -errno, then with the reason in the log and nothing left open.
 */
int boot_server_init(struct boot_server *server, struct loop *loop, const char *config_path,
	struct boot_config *config);
void boot_server_fini(struct boot_server *server);

/* Read the configuration again and put it in force, or keep all as it is. */
void boot_server_reload(struct boot_server *server, boot_loader_done_fn *done, void *arg);
/*
 * The second half of a reload: put `config` in force, which is the server's from now on, or keep all
 * as it is. rc < 0: it could not be read. Returns 0 or -errno; `problems` says what is wrong.
 */
int boot_server_apply(struct boot_server *server, struct boot_config *config, int rc,
	struct config_problems *problems);

/* A start and a reload share these; each returns 0 or -errno, then with the reason in the log. */

/* *root is NULL if no directory is configured. */
int boot_server_open_root(const struct boot_config *config, struct file_root **root);
/* `before`: the configuration in force, whose files may no longer be readable for us; or NULL. */
int boot_server_fill_secrets(struct boot_config *config, const struct boot_config *before);

/* --- boot_daemon.c: command line, start, reload by signal, stop -------------------------- */

/* Returns the exit status of the process. */
int boot_daemon_main(int argc, char *argv[]);

#endif
