/* base: the words every module shares.  Prices are integers in 1/10 000 of the currency, quantities are
 * shares, times are nanoseconds since the Unix epoch unless a name says otherwise. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE           64
#define PRICE_SCALE          10000
#define INSTRUMENT_COUNT_MAX 256 /* configured instruments of one box */
#define INSTRUMENT_NONE      65535
#define VENUE_COUNT_MAX      4
#define ACCOUNT_COUNT_MAX    16 /* accounts, strategies and traders are numbered from 1: 0 is nobody */
#define STRATEGY_COUNT_MAX   32
#define TRADER_COUNT_MAX     16
#define STAGE_COUNT_MAX      16
#define NAME_SIZE            32

/* 0 is success; errors are negative and distinct.  Counts of work done are positive. */
enum error {
    ERROR_NONE = 0,
    ERROR_SYSTEM = -1,      /* errno says more */
    ERROR_ARGUMENT = -2,    /* the caller broke the contract */
    ERROR_TRUNCATED = -3,   /* fewer bytes than the format needs */
    ERROR_MALFORMED = -4,   /* bytes the format forbids */
    ERROR_FULL = -5,        /* a named maximum was reached */
    ERROR_EMPTY = -6,       /* nothing there yet */
    ERROR_NOT_FOUND = -7,   /* no such name, order or instrument */
    ERROR_DUPLICATE = -8,   /* the name or key is already taken */
    ERROR_LAYOUT = -9,      /* the segment was built from other headers */
    ERROR_BUSY = -10,       /* somebody else holds it */
    ERROR_UNSUPPORTED = -11 /* this host or build cannot */
};

enum side { SIDE_BUY = 0, SIDE_SELL = 1, SIDE_NONE = 2 };

const char *error_text(int error);
