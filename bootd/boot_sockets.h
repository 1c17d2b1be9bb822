/* SPDX-License-Identifier: ISC */
/*
 * The sockets of bootd and the services that answer on them: DHCPv6 by UDP, its leases by
 * TCP, a boot server's port, TFTP, HTTP, the live page, control and metrics. Each is opened
 * where the configuration in force wants it.
 *
 * Those that return a value return 0 or -errno, then with the reason in the log, where a
 * port is another's with the name of its owner; what was opened before stays open for
 * boot_sockets_close().
 */
#ifndef NB6_BOOTD_BOOT_SOCKETS_H
#define NB6_BOOTD_BOOT_SOCKETS_H

struct boot_config;
struct boot_server;

/* The exchange is ready; answers begin. */
int boot_sockets_open_dhcp(struct boot_server *server);
/* server->files is filled. */
int boot_sockets_open_files(struct boot_server *server);
int boot_sockets_open_page(struct boot_server *server);
/* Control and metrics: boots go on without them, so their lack is a warning only. */
void boot_sockets_open_views(struct boot_server *server);
void boot_sockets_close(struct boot_server *server);

/*
 * A reload: the boot server's port takes no privilege, so it comes and goes with the
 * subnets of `config` that are a proxy's.
 */
int boot_sockets_follow(struct boot_server *server, const struct boot_config *config);
/* The others were opened with privileges that are gone: a warning where `then` has others. */
void boot_sockets_warn_of_restart(const struct boot_config *now, const struct boot_config *then);

#endif
