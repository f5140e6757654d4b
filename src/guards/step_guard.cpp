// Looks at each step between neighbouring labels, the one from the target to
// the slice included.

#include "guards/step_guard.h"

#include "json/json_text.h"
#include "time/month_steps.h"

#include <cmath>
#include <optional>

namespace mdimappend
{

namespace
{

constexpr double relativeTolerance = 1e-6;
constexpr double nanosecondsPerSecond = 1e9;

/// From one label to the next.
struct Move
{
    double number = 0;        ///< numbers
    Instant nanoseconds = 0;  ///< dates
    std::optional<int> months;

    bool backwards(bool dates) const
    {
        return dates ? nanoseconds < 0 : number < 0;
    }
};

bool closeTo(double found, double expected)
{
    return std::fabs(found - expected) <=
           relativeTolerance * std::fabs(expected);
}

std::string durationText(Instant nanoseconds)
{
    const double seconds =
        static_cast<double>(nanoseconds) / nanosecondsPerSecond;
    const double days = seconds / 86'400;
    return std::fabs(days) >= 1 ? dumpJson(days, -1) + " days"
                                : dumpJson(seconds, -1) + " s";
}

/// The target's last labels and the slice's new ones, in one row.
class StepCheck
{
  public:
    StepCheck(const StepRule &rule, const Labels &target, const Labels &slice,
              std::size_t firstNew)
        : m_rule(rule), m_dates(slice.kind == Labels::Kind::Date),
          m_calendar(m_dates ? slice.encoding->calendar : Calendar::Standard)
    {
        const auto known = target.values.size();
        for (std::size_t i = known > 2 ? known - 2 : 0; i < known; ++i)
            m_row.push_back({&target, i});
        m_firstNew = m_row.size();
        for (std::size_t i = firstNew; i < slice.values.size(); ++i)
            m_row.push_back({&slice, i});
    }

    Status run() const
    {
        for (std::size_t i = std::max<std::size_t>(m_firstNew, 1);
             i < m_row.size(); ++i)
        {
            std::optional<Move> before;
            if (i >= 2)
                before = move(i - 2);
            const auto wrong = complaint(move(i - 1), before);
            if (!wrong.empty())
                return refused(
                    "the step from " + describe(i - 1) +
                    (i == m_firstNew ? ", the target's last label," : "") +
                    " to " + describe(i) + " is " + wrong + " (--step " +
                    m_rule.text + ").");
        }
        return Status::ok();
    }

  private:
    struct Place
    {
        const Labels *labels;
        std::size_t position;
    };

    const Label &label(std::size_t i) const
    {
        return m_row[i].labels->values[m_row[i].position];
    }

    std::string describe(std::size_t i) const
    {
        return m_row[i].labels->describe(m_row[i].position);
    }

    Move move(std::size_t i) const
    {
        Move move;
        if (m_dates)
        {
            const auto from = std::get<Instant>(label(i));
            const auto to = std::get<Instant>(label(i + 1));
            move.nanoseconds = to - from;
            move.months = monthsBetween(from, to, m_calendar);
        }
        else
        {
            move.number = asDouble(label(i + 1)) - asDouble(label(i));
        }
        return move;
    }

    std::string text(const Move &move) const
    {
        return m_dates ? durationText(move.nanoseconds)
                       : dumpJson(move.number, -1);
    }

    bool constant(const Move &found, const Move &before) const
    {
        if (!m_dates)
            return closeTo(found.number, before.number);
        return found.nanoseconds == before.nanoseconds ||
               (found.months && found.months == before.months);
    }

    /// What is wrong with a step, or "".
    std::string complaint(const Move &found,
                          const std::optional<Move> &before) const
    {
        switch (m_rule.kind)
        {
        case StepRule::Kind::Any:
            return {};
        case StepRule::Kind::Increasing:
            return found.backwards(m_dates) ? text(found) : "";
        case StepRule::Kind::Decreasing:
            return found.backwards(m_dates) ? "" : text(found);
        case StepRule::Kind::Constant:
            return !before || constant(found, *before)
                       ? ""
                       : text(found) + ", the one before it is " +
                             text(*before);
        case StepRule::Kind::Number:
            return closeTo(found.number, m_rule.number) ? "" : text(found);
        case StepRule::Kind::Duration:
            return found.nanoseconds == m_rule.nanoseconds ? "" : text(found);
        case StepRule::Kind::Months:
            break;
        }
        return found.months == m_rule.months ? "" : text(found);
    }

    const StepRule &m_rule;
    bool m_dates;
    Calendar m_calendar;
    std::vector<Place> m_row{};
    std::size_t m_firstNew = 0;
};

bool needsDates(const StepRule &rule)
{
    return rule.kind == StepRule::Kind::Duration ||
           rule.kind == StepRule::Kind::Months;
}

}  // namespace

Status checkStep(const StepRule &rule, const Labels &target,
                 const Labels &slice, std::size_t firstNew)
{
    if (rule.kind == StepRule::Kind::Any)
        return Status::ok();
    const auto unfit = [&](const std::string &what)
    {
        return refused("its labels are " + what + ": --step " + rule.text +
                       " cannot be checked.");
    };
    if (slice.kind == Labels::Kind::None)
        return unfit("missing");
    if (slice.kind == Labels::Kind::Text)
        return unfit("text");
    const bool dates = slice.kind == Labels::Kind::Date;
    if (needsDates(rule) && !dates)
        return unfit("numbers, not dates");
    if (rule.kind == StepRule::Kind::Number && dates)
        return unfit("dates, not numbers");
    return StepCheck(rule, target, slice, firstNew).run();
}

}  // namespace mdimappend
