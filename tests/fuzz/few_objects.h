// A storage that holds a few objects in memory and can only be read.

#pragma once

#include "storage/folder_storage.h"

#include <map>

namespace mdimappend::fuzzing
{

class FewObjects final : public FolderStorage
{
  public:
    std::map<std::string, std::string> objects;

    Result<std::optional<std::string>> read(const std::string &path,
                                            std::uint64_t) override
    {
        const auto found = objects.find(path);
        return found == objects.end() ? std::optional<std::string>()
                                      : std::optional(found->second);
    }

    Result<bool>
    readInParts(const std::string &path,
                const std::function<void(std::string_view)> &visit) override
    {
        const auto found = objects.find(path);
        if (found != objects.end())
            visit(found->second);
        return found != objects.end();
    }

    Result<std::optional<ObjectState>> state(const std::string &path) override
    {
        if (!objects.contains(path))
            return std::optional<ObjectState>();
        return std::optional<ObjectState>(ObjectState{});
    }

    Result<std::vector<std::string>> list(const std::string &) override
    {
        return std::vector<std::string>();
    }

    Result<std::optional<std::string>> identity(const std::string &) override
    {
        return std::optional<std::string>();
    }

    Status put(const std::string &, std::string_view) override
    {
        return readOnly();
    }

    Result<std::optional<std::string>> putUnlessThere(const std::string &,
                                                      std::string_view) override
    {
        return readOnly();
    }

    Result<std::string> stage(const std::string &, std::string_view,
                              const std::string &) override
    {
        return readOnly();
    }

    Status publish(const std::string &, const std::string &) override
    {
        return readOnly();
    }

    Result<bool> create(const std::string &, std::string_view) override
    {
        return readOnly();
    }

    Result<bool> createFrom(const std::string &, const std::string &) override
    {
        return readOnly();
    }

    Status remove(const std::string &) override
    {
        return readOnly();
    }

    Status makeFolders(const std::string &) override
    {
        return readOnly();
    }

    Status removeFolderIfEmpty(const std::string &) override
    {
        return readOnly();
    }

    Status makeReplacement(const std::string &, const std::string &) override
    {
        return readOnly();
    }

    Status exchange(const std::string &, const std::string &) override
    {
        return readOnly();
    }

    Result<bool> removeTree(const std::string &) override
    {
        return readOnly();
    }

    Result<std::optional<double>> age(const std::string &) override
    {
        return std::optional<double>();
    }

    Status barrier() override
    {
        return Status::ok();
    }

    void adopt(const std::string &) override
    {
    }

    void expectFolder(const std::string &) override
    {
    }

  private:
    static Status readOnly()
    {
        return error("read only");
    }
};

}  // namespace mdimappend::fuzzing
