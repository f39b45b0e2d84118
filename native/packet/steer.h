/* steer: the key of the steering program's map, read by the program and by the process that fills it. */
#pragma once
#include <linux/types.h>

struct steer_key { /* both in network order, as they stand in the packet */
    __u32 address;
    __u16 port;
    __u16 zero;
};
