/* market: what a venue's market-data stage tells the others.  Ring "market.N" (N: the venue), 128-byte
 * records, one a change of an instrument's top three levels, trade or state; consumers signal, risk,
 * position, router. */
#pragma once
#include "tickwire/control.h"
#include "tickwire/packet.h"

#define MARKET_LEVELS            3
#define MARKET_CONSUMER_SIGNAL   0
#define MARKET_CONSUMER_RISK     1
#define MARKET_CONSUMER_POSITION 2
#define MARKET_CONSUMER_ROUTER   3
#define MARKET_CONSUMER_COUNT    4

enum market_kind {
    MARKET_BOOK = 1,  /* a change within the first levels */
    MARKET_TRADE = 2, /* an execution or trade print: last_* are new, levels are after it */
    MARKET_STATE = 3, /* trading state or feed condition changed */
};

enum market_flag {
    MARKET_STALE = 1,      /* the feed is silent, in a gap or recovering, or we lag: act on nothing */
    MARKET_SHORT_SALE = 2, /* Reg SHO restriction in effect */
};

enum trading_state { /* ITCH trading action; unknown until the venue says so */
                     TRADING_UNKNOWN = 0,
                     TRADING_OPEN = 1,      /* T */
                     TRADING_HALTED = 2,    /* H */
                     TRADING_PAUSED = 3,    /* P */
                     TRADING_QUOTATION = 4, /* Q: quotes only */
};

struct market_update {
    uint64_t tick;     /* the feed's sequence number of the message that caused it */
    uint64_t rx_ns;    /* when its packet was seen */
    uint64_t venue_ns; /* the venue's stamp: ns since midnight */
    int64_t last_price;
    int64_t bid_price[MARKET_LEVELS]; /* best first; an absent level has quantity 0 and price 0 */
    int64_t ask_price[MARKET_LEVELS];
    uint32_t bid_quantity[MARKET_LEVELS];
    uint32_t ask_quantity[MARKET_LEVELS];
    uint32_t last_quantity;
    uint32_t book_ns; /* publication, ns after rx_ns */
    uint16_t instrument;
    uint8_t kind;  /* enum market_kind */
    uint8_t flags; /* enum market_flag */
    uint8_t trading_state;
    uint8_t last_side; /* side of the resting order of the last trade */
    uint8_t venue;
    uint8_t reserved0;
    uint64_t feed_session; /* grows when the venue starts another session, and when the stage starts anew */
};

/* The last update of each instrument, for readers that want a state and not a stream: table "top.N", one
 * entry an instrument, each under its own seqlock word. */
struct market_top {
    uint64_t version; /* odd while being written */
    uint64_t updates;
    uint64_t reserved[6];
    struct market_update last;
};

enum market_counter {
    MARKET_COUNT_PACKETS,
    MARKET_COUNT_BYTES,
    MARKET_COUNT_MESSAGES,  /* applied, in order, once */
    MARKET_COUNT_MALFORMED, /* packets or messages refused */
    MARKET_COUNT_UNKNOWN_TYPE,
    MARKET_COUNT_UNKNOWN_ORDER, /* references to orders never seen */
    MARKET_COUNT_BAD_VALUE,     /* impossible prices or quantities */
    MARKET_COUNT_LINE_A_PACKETS,
    MARKET_COUNT_LINE_B_PACKETS,
    MARKET_COUNT_DUPLICATES,   /* messages the other line had already brought */
    MARKET_COUNT_REORDERED,    /* packets held until the ones before came */
    MARKET_COUNT_GAPS,         /* gaps on both lines at once */
    MARKET_COUNT_GAP_MESSAGES, /* messages that had to be asked for again */
    MARKET_COUNT_REQUESTS,     /* re-requests sent */
    MARKET_COUNT_RECOVERED,    /* messages brought by the request server */
    MARKET_COUNT_LOST,         /* messages given up on */
    MARKET_COUNT_HEARTBEATS,
    MARKET_COUNT_SESSIONS,      /* session changes seen */
    MARKET_COUNT_ENDS,          /* end-of-session packets */
    MARKET_COUNT_STALE,         /* times the feed went stale */
    MARKET_COUNT_LAGS,          /* times the stage fell behind its port: stale until the backlog is gone */
    MARKET_COUNT_UPDATES,       /* records published */
    MARKET_COUNT_BACKPRESSURE,  /* times a packet waited because a consumer was behind */
    MARKET_COUNT_DROPPED,       /* packets the kernel or NIC dropped */
    MARKET_COUNT_FOREIGN,       /* packets of a session that is not in use */
    MARKET_COUNT_OVERFLOW,      /* messages too far ahead to hold: they are asked for when their turn comes */
    MARKET_COUNT_BOOK_FULL,     /* messages the books had no room for: stale until the next session */
    MARKET_COUNT_REPLIES,       /* packets from the request server */
    MARKET_COUNT_NEXT_SEQUENCE, /* gauge */
    MARKET_COUNT_SYNCHRONISED,  /* gauge: 1 while the books are complete and the feed lives */
};

struct market_instrument {
    char symbol[8];  /* space padded, as in the stock directory */
    uint32_t locate; /* stock locate, 0: learn it from the stock directory */
    uint32_t reserved;
};

struct market_config {
    struct packet_config packet; /* channel 0 is line A, channel 1 line B */
    uint32_t request_address;    /* MoldUDP64 request server; 0: none */
    uint32_t request_port;
    uint32_t instrument_count;
    uint32_t order_count_max; /* orders alive at once that the books must hold */
    uint32_t hold_count;      /* messages held while one before them is missing, a power of two; 0: 65 536 */
    uint32_t request_size;    /* most messages asked for in one request; 0: 512 */
    uint32_t accept_partial;  /* begin anywhere and go on after losses: for recordings, never for trading */
    uint32_t venue;
    uint64_t stale_ns;    /* silence longer than this makes the feed stale */
    uint64_t lag_ns_max;  /* packets not asked for during longer than this are a backlog, not ticks */
    uint64_t gap_wait_ns; /* how long to wait for the other line before asking again */
    uint64_t request_retry_ns;
    struct market_instrument instruments[INSTRUMENT_COUNT_MAX];
};

struct stage;
/* market_stage_open needs in the segment: ring "market.N", table "top.N" (an entry an instrument), counters
 * "market-data.N", N being config.venue.  The stage declares every instrument stale, then publishes nothing
 * until its books are complete: begun at the session's first message, or recovered from there by request.
 * From then on it publishes what changes, and the state of every instrument whenever MARKET_STALE comes or
 * goes.  While the ring is full it takes no packets and goes on where it stopped.  When it has asked for none
 * during lag_ns_max, because of that or because nobody polled it, it lags: what waits in the port would get
 * fresh stamps, so the books count as stale until the port has nothing left.  (A recording waits for us: it
 * never makes us lag.) */
int market_stage_open(struct segment *segment, const struct market_config *config, struct stage **stage,
                      char *message, size_t message_size);
