/* SPDX-License-Identifier: ISC */
/* Addr-reg-inform (RFC 9686): see registration.c. */
#ifndef NB6_BOOTD_DHCP_REGISTRATION_H
#define NB6_BOOTD_DHCP_REGISTRATION_H

#include "bootd/dhcp/request.h"

respond_fn respond_registration;

#endif
