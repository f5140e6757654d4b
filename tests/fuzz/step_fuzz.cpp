// Steps and durations, each line one of both.

#include "fuzz.h"

#include "settings/settings.h"

#include <cmath>

using namespace mdimappend;
using fuzzing::expect;

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    auto rest = fuzzing::inputText(bytes, size);
    while (!rest.empty())
    {
        const std::string text(fuzzing::takeLine(rest));
        if (const auto step = parseStep(text))
        {
            using Kind = StepRule::Kind;
            expect(step->kind != Kind::Duration || step->nanoseconds != 0,
                   "a step of no duration is none");
            expect(step->kind != Kind::Months || step->months != 0,
                   "a step of no months is none");
            expect(step->kind != Kind::Number ||
                       (std::isfinite(step->number) && step->number != 0),
                   "a step is a number other than 0");
            step->descending();
        }
        const Json json = text;
        static_cast<void>(bool(stepOf(Value(json, "a step"))));
        const auto duration = parseDuration(text);
        expect(!duration || !*duration ||
                   (std::isfinite((*duration)->count()) &&
                    (*duration)->count() >= 0),
               "a duration is finite");
    }
    return 0;
}
