// What several groups do in one commit: the order in which their documents
// appear, and which of them are stored.

#include "append/joint_intent.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mdimappend
{

namespace
{

ViewArray arrayAt(const std::string &path)
{
    ViewArray array;
    array.document.path = path;
    array.planned.path = path;
    return array;
}

/// A group with an array and labels, which grow: in a store with consolidated
/// metadata.
Intent growing(const std::string &group)
{
    Intent intent;
    intent.arrays = {arrayAt(group + "/v"), arrayAt(group + "/time")};
    intent.order = {group + "/v/zarr.json", group + "/time/zarr.json",
                    "zarr.json"};
    intent.atOnce = 1;
    for (const auto &key : intent.order)
    {
        intent.base[key] = "old";
        intent.next[key] = group;
    }
    return intent;
}

/// One that the commit makes, with its documents from the inside out.
Intent made(const std::string &group, const std::string &base)
{
    Intent intent = growing(group);
    intent.atOnce = 0;
    intent.order.insert(intent.order.end() - 1, group + "/zarr.json");
    intent.next[group + "/zarr.json"] = group;
    intent.base = {{"zarr.json", base}};
    return intent;
}

}  // namespace

// No label of a group that is there is ahead of what the commit makes.
TEST(JointIntent, DataComeFirstAndTheRootLast)
{
    const auto joint =
        jointIntent({growing("a"), made("a/b", "a")}, {"a", "a/b"});
    EXPECT_EQ(joint.order,
              (std::vector<std::string>{
                  "a/v/zarr.json", "a/b/v/zarr.json", "a/b/time/zarr.json",
                  "a/time/zarr.json", "a/b/zarr.json", "zarr.json"}));
    EXPECT_EQ(joint.atOnce, 1U);
    EXPECT_EQ(joint.members, (std::vector<std::string>{"a", "a/b"}));
    EXPECT_EQ(joint.arrays.size(), 4U);
}

TEST(JointIntent, AllDataMayAppearInAnyOrder)
{
    const auto joint = jointIntent({growing("a"), growing("b")}, {"a", "b"});
    EXPECT_EQ(joint.atOnce, 2U);
    EXPECT_EQ(joint.order,
              (std::vector<std::string>{"a/v/zarr.json", "b/v/zarr.json",
                                        "a/time/zarr.json", "b/time/zarr.json",
                                        "zarr.json"}));
}

TEST(JointIntent, WhatOneMemberMakesOfADocumentIsNotStored)
{
    // The second was planned upon the root's document as the first leaves it.
    const auto joint = jointIntent({growing("a"), made("b", "a")}, {"a", "b"});
    EXPECT_EQ(joint.base.at("zarr.json"), "old");
    EXPECT_EQ(joint.next.at("zarr.json"), "b");
    // Of a new store nothing is there.
    Intent first = made("a", "");
    first.base.clear();
    const auto created = jointIntent({first, made("b", "a")}, {"a", "b"});
    EXPECT_FALSE(created.base.contains("zarr.json"));
}

TEST(JointIntent, OneThatGetsNothingIsNoMember)
{
    const auto joint = jointIntent({Intent(), growing("b")}, {"a", "b"});
    EXPECT_TRUE(joint.members.empty());
    EXPECT_EQ(joint.order, growing("b").order);
}

TEST(SharedDocuments, AreThoseOfGroupsAround)
{
    SharedDocuments shared;
    EXPECT_TRUE(shared.isEmpty());
    shared.note(made("a/b", ""));
    Target sibling;
    sibling.documents["zarr.json"] = "old";
    shared.putInto(sibling, "a/c");
    EXPECT_EQ(sibling.documents.at("zarr.json"), "a/b");
    EXPECT_EQ(sibling.rootDocuments.at("zarr.json"), "a/b");
    EXPECT_FALSE(sibling.documents.contains("a/b/zarr.json"));
    // In an object store it is read from the consolidated copy alone.
    Target copied;
    copied.rootDocuments[".zgroup"] = "of the copy";
    shared.putInto(copied, "a/c");
    EXPECT_EQ(copied.rootDocuments.at(".zgroup"), "of the copy");
    Target below;
    shared.putInto(below, "a/b/c");
    EXPECT_TRUE(below.documents.contains("a/b/zarr.json"));
    EXPECT_FALSE(below.documents.contains("a/b/v/zarr.json"));
}

}  // namespace mdimappend
