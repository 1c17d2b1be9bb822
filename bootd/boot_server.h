/* SPDX-License-Identifier: ISC */
/*
 * bootd as a whole: the configuration in force, the DHCPv6 service, the file
 * servers, the progress of boots and the control socket, wired together.
 */
#ifndef NB6_BOOTD_BOOT_SERVER_H
#define NB6_BOOTD_BOOT_SERVER_H

#include "bootd/dhcp/boot_port.h"
#include "bootd/dhcp/bulk_server.h"
#include "bootd/dhcp/dhcp_service.h"
#include "bootd/http/http_server.h"
#include "bootd/progress/boot_progress.h"
#include "bootd/tftp/tftp_server.h"
#include "bootd/view/boot_page.h"

struct boot_hosts;
struct config_problems;
struct control;
struct loop;
struct loop_timer;
struct metrics_server;

struct boot_server {
	struct loop *loop;
	char *config_path;
	struct boot_config *config;
	struct exchange exchange;
	struct lease_store_owner lease_owner; /* whom a shared lease store tells */
	struct boot_progress progress;
	struct dhcp_service *dhcp;
	struct bulk_server *bulk;    /* NULL: nobody may ask for leases */
	struct boot_port *boot_port; /* NULL: no subnet is a proxy's */
	struct boot_files files;
	struct file_root *root;
	struct tftp_server *tftp;
	struct http_server *http;
	struct boot_page *page; /* NULL: none is wanted */
	struct control *control;
	struct metrics_server *metrics; /* NULL: only the control socket gives them */
	struct boot_hosts *hosts;       /* of the directory */
	bool pools_are_stale;           /* an address of theirs is to be had again */
	struct loop_timer *sweep;
	struct boot_values script_values; /* of the script being rendered */
	uint64_t started_ms, reloaded_ms;
	unsigned reloads, failed_reloads;
};

/*
 * Takes over `config` (loaded from config_path), opens every socket. Returns 0 or
 * -errno, then with the reason in the log and nothing left open.
 */
int boot_server_init(struct boot_server *server, struct loop *loop, const char *config_path,
	struct boot_config *config);
void boot_server_fini(struct boot_server *server);

/*
 * Read the configuration anew and swap it in, or leave all as it is. Returns 0 or
 * -errno; `problems` says what is wrong.
 */
int boot_server_reload(struct boot_server *server, struct config_problems *problems);

/* The machine that uses this address now: by binding, else by its EUI-64; false where unknown. */
bool boot_server_machine_at(
	const struct boot_server *server, const struct in6_addr *address, struct machine *machine);

#endif
