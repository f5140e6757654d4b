// YAML's events as one JSON value: aliases, merges (<<), tags and limits.

#include "settings/settings_text.h"

#include "settings/yaml_scalar.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <unordered_set>
#include <vector>

namespace mdimappend
{

namespace
{

constexpr std::size_t maximumDepth = 64;
/// Of all values, those that aliases stand for included; as if each took some
/// bytes besides its text.
constexpr std::size_t maximumBytes = std::size_t{16} << 20;
constexpr std::size_t bytesPerValue = 64;

struct Refused
{
    YAML::Mark mark;
    std::string what;
};

/// Builds the value from the parser's events, in one pass.
class Builder final : public YAML::EventHandler
{
  public:
    Json takeValue()
    {
        return std::move(m_value);
    }

    void OnDocumentStart(const YAML::Mark &) override
    {
    }

    void OnDocumentEnd() override
    {
    }

    void OnNull(const YAML::Mark &mark, YAML::anchor_t anchor) override
    {
        count(mark, bytesPerValue);
        add(mark, anchor, Json(), bytesPerValue, false);
    }

    void OnAlias(const YAML::Mark &mark, YAML::anchor_t anchor) override
    {
        const auto found = m_anchored.find(anchor);
        if (found == m_anchored.end())
            throw Refused{mark, "an alias inside what it stands for"};
        const auto &[value, bytes] = found->second;
        count(mark, bytes);
        add(mark, YAML::NullAnchor, value, bytes, false);
    }

    void OnScalar(const YAML::Mark &mark, const std::string &tag,
                  YAML::anchor_t anchor, const std::string &text) override
    {
        const std::size_t bytes = bytesPerValue + text.size();
        count(mark, bytes);
        // Keys are taken as they are spelled: an attribute may be named True.
        const bool isKey = !m_open.empty() && m_open.back().value.is_object() &&
                           !m_open.back().key;
        add(mark, anchor, isKey ? Json(text) : scalar(mark, tag, text), bytes,
            isKey && tag == "?" && text == "<<");
    }

    void OnSequenceStart(const YAML::Mark &mark, const std::string &tag,
                         YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override
    {
        open(mark, tag, "tag:yaml.org,2002:seq", anchor, Json::array());
    }

    void OnSequenceEnd() override
    {
        close();
    }

    void OnMapStart(const YAML::Mark &mark, const std::string &tag,
                    YAML::anchor_t anchor, YAML::EmitterStyle::value) override
    {
        open(mark, tag, "tag:yaml.org,2002:map", anchor, Json::object());
    }

    void OnMapEnd() override
    {
        auto &frame = m_open.back();
        for (const auto &merged : frame.merged)
            merge(frame, merged);
        close();
    }

  private:
    struct Frame
    {
        YAML::Mark mark;
        YAML::anchor_t anchor = YAML::NullAnchor;
        Json value;
        std::size_t bytes = bytesPerValue;
        std::optional<std::string> key;
        bool keyIsMerge = false;
        std::unordered_set<std::string> keys;
        std::vector<Json> merged;
    };

    static Json scalar(const YAML::Mark &mark, const std::string &tag,
                       const std::string &text)
    {
        // "?" is a text without quotation marks, "!" one with them.
        if (tag == "?" || tag.empty())
            return yamlScalar(text);
        if (tag == "!" || tag == "tag:yaml.org,2002:str")
            return text;
        const auto value = yamlScalar(text);
        if ((tag == "tag:yaml.org,2002:int" && value.is_number_integer()) ||
            (tag == "tag:yaml.org,2002:float" && value.is_number()) ||
            (tag == "tag:yaml.org,2002:bool" && value.is_boolean()))
            return value;
        throw Refused{mark, "the tag '" + tag + "' of '" + text +
                                "' is not supported"};
    }

    void open(const YAML::Mark &mark, const std::string &tag, const char *usual,
              YAML::anchor_t anchor, Json value)
    {
        if (!tag.empty() && tag != "?" && tag != "!" && tag != usual)
            throw Refused{mark, "the tag '" + tag + "' is not supported"};
        if (m_open.size() >= maximumDepth)
            throw Refused{mark, "nested deeper than " +
                                    std::to_string(maximumDepth) + " levels"};
        count(mark, bytesPerValue);
        m_open.push_back({});
        m_open.back().mark = mark;
        m_open.back().anchor = anchor;
        m_open.back().value = std::move(value);
    }

    void close()
    {
        Frame frame = std::move(m_open.back());
        m_open.pop_back();
        add(frame.mark, frame.anchor, std::move(frame.value), frame.bytes,
            false);
    }

    void count(const YAML::Mark &mark, std::size_t bytes)
    {
        m_bytes += bytes;
        if (m_bytes > maximumBytes)
            throw Refused{mark, "too large once its aliases are expanded"};
    }

    void add(const YAML::Mark &mark, YAML::anchor_t anchor, Json value,
             std::size_t bytes, bool isMerge)
    {
        if (anchor != YAML::NullAnchor)
        {
            count(mark, bytes);
            m_anchored[anchor] = {value, bytes};
        }
        if (m_open.empty())
        {
            m_value = std::move(value);
            return;
        }
        auto &frame = m_open.back();
        frame.bytes += bytes;
        if (frame.value.is_array())
            frame.value.push_back(std::move(value));
        else if (!frame.key)
            takeKey(mark, frame, value, isMerge);
        else
            addMember(mark, frame, std::move(value));
    }

    static void takeKey(const YAML::Mark &mark, Frame &frame, const Json &value,
                        bool isMerge)
    {
        if (!value.is_string())
            throw Refused{mark, "a key must be a string"};
        frame.key = value.get<std::string>();
        frame.keyIsMerge = isMerge;
        if (!isMerge && !frame.keys.insert(*frame.key).second)
            throw Refused{mark, "the key '" + *frame.key + "' is given twice"};
    }

    static void addMember(const YAML::Mark &mark, Frame &frame, Json value)
    {
        if (!frame.keyIsMerge)
            appendMember(frame.value, *frame.key, std::move(value));
        else if (value.is_object())
            frame.merged.push_back(std::move(value));
        else if (value.is_array())
            for (auto &each : value)
            {
                if (!each.is_object())
                    throw Refused{mark, "<< merges objects only"};
                frame.merged.push_back(std::move(each));
            }
        else
            throw Refused{mark, "<< merges objects only"};
        frame.key.reset();
    }

    /// What is there already wins.
    static void merge(Frame &frame, const Json &merged)
    {
        for (const auto &[key, value] : merged.items())
        {
            if (frame.keys.insert(key).second)
                appendMember(frame.value, key, value);
        }
    }

    Json m_value;
    std::vector<Frame> m_open;
    std::map<YAML::anchor_t, std::pair<Json, std::size_t>> m_anchored;
    std::size_t m_bytes = 0;
};

std::string place(const YAML::Mark &mark)
{
    return mark.is_null()
               ? ""
               : "line " + std::to_string(mark.line + 1) + ", column " +
                     std::to_string(mark.column + 1) + ": ";
}

}  // namespace

Result<Json> parseYaml(std::string_view text)
{
    const auto wrong = [](const YAML::Mark &mark, const std::string &what)
    { return Status(Failure::Usage, place(mark) + what); };
    try
    {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        Builder builder;
        if (!parser.HandleNextDocument(builder))
            return Json();
        Builder second;
        if (parser.HandleNextDocument(second))
            return wrong(YAML::Mark::null_mark(),
                         "there are several documents (---), expected one");
        return builder.takeValue();
    }
    catch (const Refused &refused)
    {
        return wrong(refused.mark, refused.what);
    }
    catch (const YAML::Exception &failure)
    {
        return wrong(failure.mark, failure.msg);
    }
    catch (const std::exception &failure)
    {
        return wrong(YAML::Mark::null_mark(), failure.what());
    }
}

}  // namespace mdimappend
