/* venue: see native/venue/. */
#pragma once
#include "tickwire/base.h"
