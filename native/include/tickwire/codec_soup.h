/* codec_soup: see native/codec/. */
#pragma once
#include "tickwire/base.h"
