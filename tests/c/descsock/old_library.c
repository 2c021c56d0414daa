/* What a program was linked with before 1.3.4: the names, and 72 bytes of counters. Nobody runs it. */
#include <stdint.h>

uint64_t descsock_client_stats[9];

int descsock_client_open(void);
int descsock_client_poll(void);
int descsock_client_send(void);
int descsock_client_recv(void);
int descsock_client_ctrl(void);
int descsock_client_cntl(void);
int descsock_client_close(void);

int descsock_client_open(void) { return 0; }
int descsock_client_poll(void) { return 0; }
int descsock_client_send(void) { return 0; }
int descsock_client_recv(void) { return 0; }
int descsock_client_ctrl(void) { return 0; }
int descsock_client_cntl(void) { return 0; }
int descsock_client_close(void) { return 0; }
