/*
 * What test_client and tap_tenant have in common: coming in at an agent's doorbell.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef REGISTER_H
#define REGISTER_H

#include <stdbool.h>

#include "descsock_client.h"

/* Ctrl-C and SIGTERM end the program: false from then on. */
bool goes_on(void);

/* Has these signals answered by goes_on. */
void end_on_signals(void);

/* The number of a service; -1 if the text is none. */
int service_number(const char *text);

/* Opens the connection, waiting for an agent that is not there yet; says so, and what else is wrong. */
bool come_in(const char *program, descsock_client_spec_t *spec);

#endif
