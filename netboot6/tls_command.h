/* SPDX-License-Identifier: ISC */
/*
 * netboot6 boot tls init makes a CA and a certificate for bootd, and says how machines learn to
 * trust the CA. netboot6 boot tls check says which clients accept a certificate, and until when: of a
 * file, or of what bootd serves.
 */
#ifndef NB6_NETBOOT6_TLS_COMMAND_H
#define NB6_NETBOOT6_TLS_COMMAND_H

#include "netboot6/request.h"

/* Returns the exit status. */
int tls_command_run(struct request *request);

#endif
