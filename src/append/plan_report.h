// What a plan says of itself: to the report of its slice, with --dry-run in
// full, and to the trace.

#pragma once

#include "append/offer.h"
#include "append/report.h"

#include <string>

namespace mdimappend
{

/// Of several groups the first that gets something stands for all.
void describe(const OfferPlan &plan, const Offer &offer, SliceReport &report);

/// What would be written, array by array.
Json toJson(const Intent &intent);

/// `slice`: its name.
void tracePlan(const AppendPlan &plan, const std::string &slice);

}  // namespace mdimappend
