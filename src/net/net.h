/* net.h: from a captured frame to the datagram in it. Pure: bytes in, slices of them out.
 *
 *     frame ─link layer─> IPv4/IPv6 ─> UDP payload
 */
#ifndef SIPWEAVE_NET_H
#define SIPWEAVE_NET_H

#include "base/err.h"

/* Link types by their number in capture files (LINKTYPE_…, tcpdump.org). */
enum net_link {
    NET_LINK_NULL = 0,
    NET_LINK_ETHERNET = 1,
    NET_LINK_RAW = 101,
    NET_LINK_LOOP = 108,
    NET_LINK_LINUX_SLL = 113,
    NET_LINK_IPV4 = 228,
    NET_LINK_IPV6 = 229,
    NET_LINK_LINUX_SLL2 = 276,
};

enum net_result {
    NET_DATAGRAM, /* *d is filled */
    NET_NOT_IP,
    NET_NOT_UDP, /* another transport: d->protocol says which */
    NET_FRAGMENT,
    NET_TRUNCATED, /* the capture holds less than the headers need */
    NET_DAMAGED,   /* lengths that contradict each other */
    NET_UNKNOWN_LINK,
};

struct net_datagram {
    u8 src_ip[16], dst_ip[16];
    u8 family; /* 4 or 6 */
    u8 protocol;
    u16 src_port, dst_port;
    str payload;     /* what the capture holds of it */
    isize full_size; /* what the UDP header says it was */
};

bool net_link_known(int link);
/* Ethernet with any number of VLAN tags (and PPPoE), Linux cooked v1 and v2, raw IP, null and loop (either byte order). */
enum net_result net_frame_decode(int link, str frame, struct net_datagram *d);

#endif
