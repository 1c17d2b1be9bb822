/* SPDX-License-Identifier: ISC */
/*
 * One line of log per answered message and per file, each starting with the machine:
 *
 *	52:54:00:12:34:56 x64-uefi Solicit on 2001:db8:1::/64 via relay 2001:db8:1::1
 *	"vlan100" -> Advertise 2001:db8:1::d1, tftp://[2001:db8:2::2]/snponly.efi (rule "uefi")
 */
#ifndef NB6_BOOTD_PROGRESS_BOOT_LOG_H
#define NB6_BOOTD_PROGRESS_BOOT_LOG_H

#include "bootd/dhcp/exchange.h"
#include "bootd/files/boot_file.h"
#include "bootd/progress/boot_record.h"

enum { BOOT_LOG_LINE = 1600 };

/* The line, without writing it: the log and `watch` have the same text. */
const char *boot_log_exchange_text(const struct exchange_event *event, char line[BOOT_LOG_LINE]);
void boot_log_exchange(const struct exchange_event *event);
/* Warnings about an answered message: its host's address is another machine's, or two clients use
 * one DUID and IAID. */
void boot_log_conflicts(const struct exchange_event *event);
/* The machine of the message was another host before, in the same boot. */
void boot_log_other_host(const struct exchange_event *event, const char *before);

/* The MAC was read from an EUI-64 or a DUID: the caller logs it once per machine. */
void boot_log_unverified_mac(const struct exchange_event *event);
/* The client names an architecture that is not in IANA's list: once per machine as well. */
void boot_log_unknown_arch(const struct exchange_event *event, uint16_t code);

/*
 * `machine` NULL: not known, the line starts with the peer's address. `record` is the machine's, as
 * it is after this fetch; NULL: none.
 */
void boot_log_fetch(const struct machine *machine, const struct boot_record *record,
	const struct fetch_event *event);
/* The machine called home. */
void boot_log_booted(
	const struct boot_record *record, const struct in6_addr *peer, uint64_t duration_ms);

#endif
