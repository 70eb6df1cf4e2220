/* One frame of every link type: what is found lies inside the frame, and a longer capture of the same
 * frame never finds less of its payload. */
#include "base/base.h"
#include "net/net.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const int links[] = {0, 1, 12, 14, 101, 108, 113, 228, 229, 276, 147, -1};

static void check(int link, str frame) {
    struct net_datagram d, less;
    enum net_result r = net_frame_decode(link, frame, &d);
    must((r == NET_UNKNOWN_LINK) == !net_link_known(link));
    if (r != NET_DATAGRAM) {
        must(d.payload.n == 0);
        return;
    }
    must(str_inside(d.payload, frame));
    must(d.family == 4 || d.family == 6);
    must(d.protocol == 17);
    must(d.payload.n <= d.full_size && d.full_size <= 65535 + 65536);
    if (d.payload.n == 0) return;
    /* one byte less in the capture: the same datagram, at most one byte shorter */
    r = net_frame_decode(link, str_sub(frame, 0, frame.n - 1), &less);
    must(r == NET_DATAGRAM && less.payload.p == d.payload.p);
    must(less.payload.n == d.payload.n || less.payload.n == d.payload.n - 1);
    must(less.src_port == d.src_port && less.dst_port == d.dst_port);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    u8 *copy = malloc(size + 1);
    must(copy);
    /* of exactly its size, ending where the block ends */
    if (size) memcpy(copy + 1, data, size);
    for (isize i = 0; i < countof(links); i++)
        check(links[i], (str){copy + 1, (isize)size});
    free(copy);
    return 0;
}
