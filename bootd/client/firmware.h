/* SPDX-License-Identifier: ISC */
/*
 * What asks: a UEFI firmware, iPXE, an operating system. Each kind has its
 * habits, and some hang for ever when they are not met; what each needs is
 * built in here, once, and nowhere configured. All of it was seen on real firmware.
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
	FIRMWARE_OTHER, /* says an architecture of which no more is known */
	FIRMWARE_KINDS,
};

/* Of the first architecture that the client names; iPXE by its user class, before all else. */
enum firmware_kind firmware_of(const struct client_facts *facts);

/* Of a firmware that sends this architecture and is not iPXE. */
enum firmware_kind firmware_of_arch(uint16_t code);

/* "UEFI PXE", "UEFI HTTP", "iPXE", "BIOS", "U-Boot", "other", "OS". */
const char *firmware_kind_name(enum firmware_kind kind);

/* The first architecture that it says and nobody knows; false where there is none. */
bool firmware_unknown_arch(const struct client_facts *facts, uint16_t *code);

/* The architecture and the kind in one: "x64-uefi", "iPXE x64-uefi", "OS". */
enum { FIRMWARE_TEXT = 64 };
const char *firmware_format(const struct client_facts *facts, char text[FIRMWARE_TEXT]);

/* What is known of what sends this, for the operator: a habit that matters; NULL: nothing. */
const char *firmware_note(const struct client_facts *facts);

/*
 * Can this firmware read this URL (after its variables were filled in)?
 * True, or false and why not in words that fit "url: ...".
 */
bool firmware_takes_url(enum firmware_kind kind, const char *url, const char **why);

/* True where the last part of the path says nothing that UEFI HTTP Boot goes by. */
bool firmware_wants_content_type(enum firmware_kind kind, const char *url);

/* Can it be given these boot file parameters (option 60)? True, or false and why not. */
bool firmware_takes_params(
	enum firmware_kind kind, char *const param[], size_t params, const char **why);

/* Option 16 of an answer with a boot file URL, where this firmware needs one. */
void firmware_put_vendor_class(enum firmware_kind kind, struct wire_out *out);

#endif
