/* synthetic: the inside of struct synthetic, for synthetic.c (what happens next) and synthetic_book.c (the
 * orders it happens to).  Prices are ticks of a cent, fair values ticks with 16 fractional bits. */
#pragma once
#include "tickwire/codec_itch.h"
#include "tickwire/venue.h"
#include "venue/random.h"

#define TICK         100
#define LADDER_TICKS 4096 /* prices a symbol can have: around where its fair value returns to */
#define POOL_ORDERS  1024 /* orders of one symbol alive at once */
#define SLOT_NONE    UINT16_MAX

struct synthetic_order {
    uint64_t reference;
    uint32_t quantity;
    uint16_t tick;           /* place on the ladder */
    uint16_t previous, next; /* in the queue of its tick */
    uint16_t live;           /* place among the live orders of its side */
    uint8_t side;
};

struct synthetic_queue {
    uint32_t quantity;
    uint16_t head, tail;
};

struct synthetic_market { /* one symbol */
    int64_t fair;
    int64_t home;       /* what fair returns to */
    int64_t lean;       /* how far its own events push it off a shared fair value */
    uint32_t base_tick; /* price of ladder place 0, in ticks */
    uint16_t locate;
    uint16_t live_count[2];
    uint16_t free_count;
    int32_t best[2]; /* ladder place; -1 and LADDER_TICKS when there is none */
    uint16_t live[2][POOL_ORDERS];
    uint16_t free[POOL_ORDERS];
    struct synthetic_queue queues[2][LADDER_TICKS];
    struct synthetic_order orders[POOL_ORDERS];
};

void synthetic_market_open(struct synthetic_market *market, uint32_t price, uint16_t locate);
/* synthetic_add puts an order at the end of its tick's queue: NULL when the pool is empty. */
struct synthetic_order *synthetic_add(struct synthetic_market *market, uint64_t reference, uint8_t side,
                                      uint16_t tick, uint32_t quantity);
/* synthetic_take takes shares off an order, and the order out with the last of them. */
void synthetic_take(struct synthetic_market *market, struct synthetic_order *order, uint32_t quantity);
/* synthetic_front is the first order of the best tick; NULL on an empty side. */
struct synthetic_order *synthetic_front(struct synthetic_market *market, uint8_t side);

/* synthetic_fair is how far a symbol's fair value is from home at a time, for all streets of a seed. */
int64_t synthetic_fair(uint64_t seed, const char *symbol, uint64_t now_ns);
