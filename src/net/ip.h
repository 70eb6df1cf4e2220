/* ip.h: IPv4, IPv6 and UDP for the link layers of this folder (net.h is the way in). */
#ifndef SIPWEAVE_NET_IP_H
#define SIPWEAVE_NET_IP_H

#include "net/net.h"

/* `packet` begins with an IP header; its first four bits say which. Bytes after the datagram (Ethernet's
 * padding) are left out. Fills d->family, protocol, addresses as far as they could be read. */
enum net_result net_ip_decode(str packet, struct net_datagram *d);

#endif
