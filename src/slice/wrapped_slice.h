// A slice that says what another one says, but for what a derived class says
// otherwise.

#pragma once

#include "slice/slice.h"

namespace mdimappend
{

class WrappedSlice : public Slice
{
  public:
    const std::string &name() const override
    {
        return m_like.name();
    }

    const std::string &appendDim() const override
    {
        return m_like.appendDim();
    }

    const std::vector<SliceArray> &arrays() const override
    {
        return m_arrays;
    }

    const Json &attributes() const override
    {
        return m_like.attributes();
    }

    std::uint64_t size() const override
    {
        return m_like.size();
    }

    const std::optional<GivenLabel> &givenLabel() const override
    {
        return m_like.givenLabel();
    }

    const Slice *labelsLike() const override
    {
        return m_like.labelsLike();
    }

    const std::string &whyNoLabels() const override
    {
        return m_like.whyNoLabels();
    }

    const std::vector<std::string> &leftOut() const override
    {
        return m_like.leftOut();
    }

    const std::vector<std::string> &lostAttributes() const override
    {
        return m_like.lostAttributes();
    }

    const std::vector<std::string> &notRenamed() const override
    {
        return m_like.notRenamed();
    }

    Result<std::unique_ptr<SliceReader>> reader() const override
    {
        return m_like.reader();
    }

    void readAhead() const override
    {
        m_like.readAhead();
    }

    void closeFiles() const override
    {
        m_like.closeFiles();
    }

    bool waitsForAnswers() const override
    {
        return m_like.waitsForAnswers();
    }

    std::string fingerprint() const override
    {
        return m_like.fingerprint();
    }

    bool isOneFile() const override
    {
        return m_like.isOneFile();
    }

    std::string changed() const override
    {
        return m_like.changed();
    }

  protected:
    /// `like` must outlive this.
    explicit WrappedSlice(const Slice &like)
        : m_arrays(like.arrays()), m_like(like)
    {
    }

    std::vector<SliceArray> m_arrays;

  private:
    const Slice &m_like;
};

}  // namespace mdimappend
