// Sorts messages into fields by what they say, then compares the fields' axes.

#include "slice/grib_fields.h"

#include "slice/grib_grid.h"
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

/// What a field that cannot be taken can be spared with.
std::string wayOut(const GribField &field, bool isOnly)
{
    return isOnly
               ? " Leave messages out of the file, or split it, with grib_copy "
                 "of ecCodes or wgrib2."
               : " Leave it out with --exclude-array " + field.name + ".";
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

std::string saysTheSame(const GribMessage &first, const GribMessage &second)
{
    const std::string same =
        "more than one message of the file says that it is of " +
        instantText(second.validity) +
        (second.product ? " (" + second.product->words + ")" : "") + ", ";
    return first.reference == second.reference
               ? same + "and nothing but their order tells them apart"
               : same + "one of the run of " + first.reference +
                     ", another of that of " + second.reference;
}

void addMessage(GribField &field, const GribMessage &message)
{
    const auto [known, isNew] =
        field.messages.insert({message.validity, &message});
    field.pieces.insert({message.validity, {message.array, message.index, {}}});
    field.instants.insert(message.validity);
    if (!field.why.empty())
        return;
    field.why = message.problem;
    if (!isNew && field.why.empty())
        field.why = saysTheSame(*known->second, message);
}

/// GDAL takes all grids of one size for the first of them.
void checkGrid(GribField &field, const GribMessage &message,
               const GribMessage &first)
{
    if (!field.why.empty() ||
        gribGrid(message.sections) == gribGrid(first.sections))
        return;
    const std::string words = gribGridWords(message.sections);
    const std::string others = gribGridWords(first.sections);
    field.why = "it has a message on another grid (" + words +
                ") than the first of the file (" + others +
                (words == others ? ", but not the same by their headers" : "") +
                "), and GDAL takes one for the other";
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

/// Those of each name.
std::map<std::string, std::vector<GribField *>>
byName(std::vector<GribField> &fields)
{
    std::map<std::string, std::vector<GribField *>> named;
    for (GribField &field : fields)
        named[field.name].push_back(&field);
    return named;
}

void nameApart(const std::string &name, const std::vector<GribField *> &fields)
{
    std::vector<const GribProduct *> products;
    std::map<std::string, int> bySuffix;
    for (const GribField *field : fields)
        if (field->product)
        {
            products.push_back(&*field->product);
            ++bySuffix[field->product->suffix];
        }
    for (GribField *field : fields)
        if (field->product)
            field->name =
                validKey(name + (bySuffix[field->product->suffix] > 1
                                     ? field->product->suffixAmong(products)
                                     : field->product->suffix));
}

/// Fields of one name are named by their products, too.
void nameByProducts(std::vector<GribField> &fields)
{
    for (const auto &[name, ofName] : byName(fields))
        if (ofName.size() > 1)
            nameApart(name, ofName);
    for (const auto &[name, ofName] : byName(fields))
        for (GribField *field : ofName)
            if (ofName.size() > 1 && field->why.empty())
                field->why =
                    "the file has several fields of this parameter and level, "
                    "and they cannot be told apart by their names";
}

/// Of the fields that are in the file, however few are asked for.
void tellProblems(std::vector<GribField> &fields)
{
    for (GribField &field : fields)
        if (!field.why.empty())
            field.problem = refused(quotedArray(field.name) + field.why + "." +
                                    wayOut(field, fields.size() == 1));
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
    // Editions have other words for the same grid.
    std::map<std::pair<std::vector<std::string>, int>, const GribMessage *>
        firstOn;
    for (const GribMessage &message : messages)
        if (const SourceArray *array = contents.find(validKey(message.array)))
        {
            const auto grid = gridOf(*array);
            GribField &field = fieldOf(fields, message, grid);
            addMessage(field, message);
            checkGrid(
                field, message,
                *firstOn.insert({{grid, message.sections.edition}, &message})
                     .first->second);
        }
    nameByProducts(fields);
    tellProblems(fields);
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
