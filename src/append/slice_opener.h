// Opens the slices of a run, without the lock: waits for them where the user
// asks for that, and opens the next one while this one is written.
//
// At most one slice is open ahead. It is used if it is still the next one, was
// opened by what is known by then (label, append dimension), and has not
// changed; else it is opened anew.

#pragma once

#include "append/append_dim.h"
#include "append/offer.h"
#include "append/slice_queue.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "slice/slice_wait.h"
#include "status.h"
#include "surroundings.h"

#include <future>
#include <memory>
#include <optional>

namespace mdimappend
{

class SliceOpener
{
  public:
    /// `queue`: where the next slice will come from. All must outlive this.
    SliceOpener(const AppendOptions &options, const Surroundings &around,
                const SliceQueue &queue, AppendDim &appendDim)
        : m_options(options), m_around(around), m_queue(queue),
          m_appendDim(appendDim)
    {
    }

    /// Whether slices are waited for.
    bool waits() const
    {
        return m_options.wait || !m_options.readySuffix.empty();
    }

    /// Looks at all slices that are named: what holds still now need not be
    /// waited for when its turn comes.
    void lookAhead();

    /// Begins to open the queue's next slice, if it is known already.
    void openAhead();

    /// The queue's next slice, which may be open already.
    Result<Offer> openNext(const SliceInput &input);

    /// Failure::Refused for a slice in the target itself.
    Result<Offer> open(const SliceInput &input);

  private:
    struct Ahead
    {
        SliceRequest request;
        std::future<Result<Offer>> offer;
    };

    SliceRequest requestFor(const SliceInput &input) const;
    Result<Offer> open(const SliceRequest &request);
    Result<Offer> tryOpen(const SliceRequest &request);

    const AppendOptions &m_options;
    const Surroundings &m_around;
    const SliceQueue &m_queue;
    AppendDim &m_appendDim;
    Sightings m_sightings;
    std::optional<Ahead> m_ahead;  ///< waited for before the rest goes
};

}  // namespace mdimappend
