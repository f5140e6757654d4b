// Sorts messages into fields by what they say, then compares the fields' axes.

#include "slice/grib_fields.h"

#include "time/cf_time.h"

#include <algorithm>
#include <cmath>

namespace mdimappend
{

namespace
{

using Instants = std::set<double>;

std::string quotedArray(const std::string &name)
{
    return "array '" + name + "': ";
}

std::string instantText(double seconds)
{
    const auto epoch = parseDate("1970-01-01", Calendar::ProlepticGregorian);
    return formatDate(*epoch + static_cast<Instant>(std::llround(seconds)) *
                                   Instant{1'000'000'000},
                      Calendar::ProlepticGregorian);
}

std::string excludeIt(const std::string &name)
{
    return " Leave it out with --exclude-array " + name + ".";
}

bool isSameProduct(const std::optional<GribProduct> &a,
                   const std::optional<GribProduct> &b)
{
    return a.has_value() == b.has_value() && (!a || *a == *b);
}

std::vector<std::string> gridOf(const SourceArray &array)
{
    const auto &dimensions = array.array.dimensions;
    return {dimensions.end() - 2, dimensions.end()};
}

Status saysTheSame(const GribField &field, double validity)
{
    return refused(quotedArray(field.name) +
                   "more than one message of the file says that it is of " +
                   instantText(validity) +
                   (field.product ? " (" + field.product->words + ")" : "") +
                   ", and nothing but their order tells them apart." +
                   excludeIt(field.name));
}

void addMessage(GribField &field, const GribMessage &message)
{
    const bool isNew =
        field.pieces.insert({message.validity, {message.array, message.index}})
            .second;
    field.instants.insert(message.validity);
    if (!isNew && field.problem)
        field.problem = saysTheSame(field, message.validity);
}

GribField &fieldOf(std::vector<GribField> &fields, const GribMessage &message,
                   const std::vector<std::string> &grid)
{
    const auto found = std::ranges::find_if(
        fields,
        [&](const GribField &field)
        {
            return field.name == message.name && field.grid == grid &&
                   isSameProduct(field.product, message.product);
        });
    if (found != fields.end())
        return *found;
    GribField field;
    field.name = message.name;
    field.model = message.array;
    field.product = message.product;
    field.definition = message.definition;
    field.grid = grid;
    fields.push_back(std::move(field));
    return fields.back();
}

/// Fields of one name are named by their products, too.
void nameByProducts(std::vector<GribField> &fields)
{
    std::map<std::string, int> plain;
    for (const GribField &field : fields)
        ++plain[field.name];
    std::map<std::string, int> named;
    for (GribField &field : fields)
    {
        if (plain[field.name] > 1 && field.product)
            field.name = validKey(field.name + field.product->suffix);
        ++named[field.name];
    }
    for (GribField &field : fields)
        if (named[field.name] > 1 && field.problem)
            field.problem = refused(
                quotedArray(field.name) +
                "the file has several fields of this parameter and level, and "
                "they cannot be told apart by their names." +
                excludeIt(field.name));
}

/// Those that most of them have; the first of those that are as many.
Instants mostCommon(const std::vector<Instants> &values)
{
    Instants best;
    std::ptrdiff_t most = 0;
    for (const Instants &value : values)
        if (const auto count = std::ranges::count(values, value); count > most)
        {
            most = count;
            best = value;
        }
    return best;
}

/// The first of `wanted` that is not in `present`.
std::optional<double> firstLacking(const Instants &wanted,
                                   const Instants &present)
{
    for (const double value : wanted)
        if (!present.contains(value))
            return value;
    return std::nullopt;
}

Status checkInstants(const GribField &field, const Instants &common)
{
    if (field.instants == common)
        return Status::ok();
    const auto lacking = firstLacking(common, field.instants);
    const auto extra = firstLacking(field.instants, common);
    const std::string difference =
        lacking ? "it has no field of " + instantText(*lacking)
                : "it has a field of " + instantText(*extra);
    return refused(quotedArray(field.name) + difference +
                   ", other arrays of the file do" + (lacking ? "" : " not") +
                   ", and all arrays of a slice have the same steps. Leave it "
                   "out with --exclude-array " +
                   field.name +
                   ", and append it to a cube or a group of its own with "
                   "--array " +
                   field.name + ".");
}

}  // namespace

std::vector<GribField> gribFields(SourceContents &contents,
                                  const std::vector<GribMessage> &messages,
                                  const SliceRequest &request)
{
    std::vector<GribField> fields;
    for (const GribMessage &message : messages)
        if (const SourceArray *array = contents.find(validKey(message.array)))
            addMessage(fieldOf(fields, message, gridOf(*array)), message);
    nameByProducts(fields);
    std::erase_if(fields,
                  [&](const GribField &field)
                  {
                      return isExcluded(request, field.name) ||
                             !isAskedFor(request, field.name);
                  });
    return fields;
}

std::vector<double> commonInstants(std::vector<GribField> &fields,
                                   bool areOneStep)
{
    std::vector<Instants> instants;
    for (const GribField &field : fields)
        instants.push_back(field.instants);
    const auto common = mostCommon(instants);
    for (GribField &field : fields)
        if (field.problem && !areOneStep)
            field.problem = checkInstants(field, common);
    return {common.begin(), common.end()};
}

}  // namespace mdimappend
