// Labels along the append dimension: as values that compare exactly, whatever
// their encoding.

#pragma once

#include "slice/slice.h"
#include "status.h"
#include "time/cf_time.h"

#include <gdal.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mdimappend
{

/// A date (as an instant), a whole number, a real number or a text. Labels of
/// one target are all of one kind; whole and real numbers compare with each
/// other.
using Label = std::variant<Instant, double, std::string>;

/// A label that is no text.
double asDouble(const Label &label);

/// The order of labels of one target; whole and real numbers together compare
/// as real ones.
bool isBefore(const Label &a, const Label &b);
bool isSame(const Label &a, const Label &b);

struct Labels
{
    enum class Kind
    {
        None,  ///< the dimension has no label array
        Date,
        Integer,
        Real,
        Text
    };
    Kind kind = Kind::None;
    std::optional<TimeEncoding> encoding;  ///< Date
    std::vector<Label> values;

    std::string describe(std::size_t position) const;
};

/// A hash of all labels, as texts; never 0.
std::uint64_t hashOfLabels(const Labels &labels);

/// How labels are stored: what is needed to decode and encode them.
struct LabelForm
{
    std::string name{};  ///< of the array, for messages
    bool text = false;
    GDALDataType type = GDT_Unknown;
    std::string units;
    std::string calendar;
};

/// Decodes stored elements (`count` of form.type). NaN is refused.
Result<Labels> decodeLabels(const LabelForm &form, const void *elements,
                            std::size_t count);
Labels textLabels(std::vector<std::string> texts);

/// The label that a slice was given, in the form that a target stores: the date
/// that its text is in the form of a product counts where the target has dates,
/// the text where it has texts or numbers. Failure::Refused: it is none such.
Result<Labels> parseLabel(const GivenLabel &label, const LabelForm &form);

/// The form for a new target whose first label along `dimension` was given: a
/// date becomes int64 seconds since 1970-01-01 (or finer), a number int64 or
/// float64. Failure::Refused: along time, it is neither.
Result<LabelForm> formForNewLabel(const GivenLabel &label,
                                  const std::string &dimension);

/// Elements of form.type that store these labels, exactly. Not for texts.
Result<std::string> encodeLabels(const Labels &labels, const LabelForm &form);

/// What a target stores: elements, or texts.
struct StoredLabels
{
    std::string elements;
    std::vector<std::string> texts;
};

/// Failure::Refused if labels and target are not both of texts, or neither.
Result<StoredLabels> storeLabels(const Labels &labels, const LabelForm &form);

/// `labels` in the calendar of `like`, where both are dates of different ones.
Result<Labels> alignCalendars(Labels labels, const Labels &like);

}  // namespace mdimappend
