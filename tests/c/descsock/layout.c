/*
 * Offsets, sizes and numbers of descsock.h and descsock_client.h. Compiling it, as C and as C++, with SEED or with a
 * release in DESCSOCK_CLIENT_API, is the test.
 */
#ifdef SEED
#include "descsock.h"
#include "descsock.h"
#define SPEC_BYTES 1028
#else
#include "descsock_client.h"
#include "descsock_client.h"
#define SPEC_BYTES (DESCSOCK_CLIENT_API >= 10200 ? 1540 : 1028)
#endif

#ifdef __cplusplus
#define SAME(a, b) static_assert((a) == (b), #a " is not " #b)
#else
#define SAME(a, b) _Static_assert((a) == (b), #a " is not " #b)
#endif
#define AT(type, field, offset) SAME(offsetof(type, field), offset)

SAME(sizeof(descsock_client_spec_t), SPEC_BYTES);
AT(descsock_client_spec_t, dma_shmem_path, 0);
AT(descsock_client_spec_t, master_socket_path, 512);
AT(descsock_client_spec_t, svc_id, 1024);
SAME(DESCSOCK_PATHLEN, 512);
SAME(DESCSOCK_NONBLOCK, 1);
SAME(DESCSOCK_POLLIN, 1);
SAME(DESCSOCK_POLLOUT, 2);
SAME((unsigned)DESCSOCK_POLLERR, 0x80000000u);

#ifndef SEED
SAME(DESCSOCK_CLIENT_PATHLEN, 512);
SAME(DESCSOCK_CLIENT_BUF_SIZE, 2048);
SAME(CLIENT_SUCCESS, 1);
SAME(CLIENT_FAILED, -1);
SAME(DSK_FLAG_TRUNCATE_PKT, DESCSOCK_NONBLOCK);
SAME(DSK_FLAG_RXBUF_SMALL, -99);
AT(descsock_client_stats_t, rx_packets_in, 0);
AT(descsock_client_stats_t, rx_packets_out, 8);
AT(descsock_client_stats_t, rx_bytes_in, 16);
AT(descsock_client_stats_t, rx_bytes_out, 24);
AT(descsock_client_stats_t, rx_fc_drops, 32);
AT(descsock_client_stats_t, tx_packets_in, 40);
AT(descsock_client_stats_t, tx_packets_out, 48);
AT(descsock_client_stats_t, tx_bytes_in, 56);
AT(descsock_client_stats_t, tx_bytes_out, 64);
#if DESCSOCK_CLIENT_API >= 10304
AT(descsock_client_stats_t, not4b, 72);
SAME(sizeof(descsock_client_stats_t), 80);
#else
SAME(sizeof(descsock_client_stats_t), 72);
#endif
#if DESCSOCK_CLIENT_API >= 10200
AT(descsock_client_spec_t, tenant_name, 1028);
#endif
#if DESCSOCK_CLIENT_API >= 10500
SAME(sizeof(dsk_ifh_fields_t), 32);
AT(dsk_ifh_fields_t, sid, 4);
AT(dsk_ifh_fields_t, directed, 28);
#elif DESCSOCK_CLIENT_API >= 10301
SAME(sizeof(dsk_ifh_fields_t), 28);
AT(dsk_ifh_fields_t, sep, 4);
AT(dsk_ifh_fields_t, directed, 24);
#endif
#endif

int main(void)
{
    return 0;
}
