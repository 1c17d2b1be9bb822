/* SPDX-License-Identifier: ISC */
/*
 * Kinds of clients: UEFI firmware, iPXE, an operating system, and others. Each kind has
 * requirements of its own, and some hang forever if an answer does not meet them. All requirements
 * are built in here and none is configured. Each was observed on real firmware.
 */
#ifndef NB6_BOOTD_CLIENT_FIRMWARE_H
#define NB6_BOOTD_CLIENT_FIRMWARE_H

#include "bootd/client/client_facts.h"

enum firmware_kind {
	FIRMWARE_NONE,      /* no boot client: an operating system, an installer, GRUB */
	FIRMWARE_UEFI_PXE,  /* a file by TFTP */
	FIRMWARE_UEFI_HTTP, /* a URL by HTTP */
	FIRMWARE_IPXE,
	FIRMWARE_BIOS,
	FIRMWARE_UBOOT,
	FIRMWARE_OTHER, /* an architecture of which no more is known */
	FIRMWARE_KINDS,
};

/* By the first architecture that the client sends; iPXE by its user class, whatever it sends. */
enum firmware_kind firmware_of(const struct client_facts *facts);

/* The kind of firmware that sends this architecture and is not iPXE. */
enum firmware_kind firmware_of_arch(uint16_t code);

/* "UEFI PXE", "UEFI HTTP", "iPXE", "BIOS", "U-Boot", "other", "OS". */
const char *firmware_kind_name(enum firmware_kind kind);

/* The first architecture that has no name in IANA's list; false: there is none. */
bool firmware_unknown_arch(const struct client_facts *facts, uint16_t *code);

/* The architecture, with the kind if that says more: "x64-uefi", "iPXE x64-uefi", "OS". */
enum { FIRMWARE_TEXT = 64 };
const char *firmware_format(const struct client_facts *facts, char text[FIRMWARE_TEXT]);

/* What the operator should know of this firmware; NULL: nothing. */
const char *firmware_note(const struct client_facts *facts);

/*
 * Can this firmware read this URL, whose variables are filled in? True; or false and the reason as
 * a clause that fits after "url: ".
 */
bool firmware_takes_url(enum firmware_kind kind, const char *url, const char **why);

/* True for UEFI HTTP Boot if the path ends in none of the suffixes by which it knows the type. */
bool firmware_wants_content_type(enum firmware_kind kind, const char *url);

/* Can it be given these boot file parameters (option 60)? True, or false and why not. */
bool firmware_takes_params(
	enum firmware_kind kind, char *const param[], size_t params, const char **why);

/* Writes option 16, which goes with a boot file URL, if this firmware needs it. */
void firmware_put_vendor_class(enum firmware_kind kind, struct wire_out *out);

#endif
