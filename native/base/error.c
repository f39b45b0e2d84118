#include "tickwire/base.h"

const char *error_text(int error) {
    switch ((enum error)error) {
    case ERROR_NONE: return "no error";
    case ERROR_SYSTEM: return "system error";
    case ERROR_ARGUMENT: return "bad argument";
    case ERROR_TRUNCATED: return "truncated";
    case ERROR_MALFORMED: return "malformed";
    case ERROR_FULL: return "full";
    case ERROR_EMPTY: return "empty";
    case ERROR_NOT_FOUND: return "not found";
    case ERROR_DUPLICATE: return "already there";
    case ERROR_LAYOUT: return "built from another version of the shared headers";
    case ERROR_BUSY: return "busy";
    case ERROR_UNSUPPORTED: return "not supported here";
    }
    return "unknown error";
}
