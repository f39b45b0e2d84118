/* book: see native/book/. */
#pragma once
#include "tickwire/base.h"
