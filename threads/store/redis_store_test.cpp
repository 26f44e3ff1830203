// SPDX-License-Identifier: Apache-2.0
// Tests of what only the store of Redis does: URLs, servers that come and go, batches that are sent twice.
#include "threads/store/redis_store.h"

#include <thread>

#include "threads/store/test_stores.h"

namespace heddle::threads {

namespace {

using Kind = StoreErrorKind;

class redis_store : public testing::Test {
 protected:
  void SetUp() override {
    if (!server_.running()) GTEST_SKIP() << "redis-server is not installed";
  }
  [[nodiscard]] std::shared_ptr<KeyValueStore> open() const {
    auto store = open_store(server_.url());
    EXPECT_TRUE(store.ok()) << store.error().message;
    return *std::move(store);
  }
  RedisServer server_;
};

std::string describe(std::string_view text) {
  const auto address = parse_redis_address(text);
  if (!address) return address.error().message;
  return address->to_string() + " " + address->user + "," + address->password;
}

}  // namespace

TEST(redis_address, takes_urls_apart) {
  EXPECT_EQ(describe("localhost"), "redis://localhost:6379/0 ,");
  EXPECT_EQ(describe("localhost/"), "redis://localhost:6379/0 ,");
  EXPECT_EQ(describe("10.0.0.1:7000/3"), "redis://10.0.0.1:7000/3 ,");
  EXPECT_EQ(describe("[::1]:7000/3"), "redis://[::1]:7000/3 ,");
  EXPECT_EQ(describe("[::1]"), "redis://[::1]:6379/0 ,");
  EXPECT_EQ(describe(":pa%3Ass%40@host"), "redis://host:6379/0 ,pa:ss@");
  EXPECT_EQ(describe("me:secret@host/1"), "redis://host:6379/1 me,secret");
}

TEST(redis_address, says_what_is_wrong) {
  EXPECT_EQ(describe(""), "names no host");
  EXPECT_EQ(describe(":6379"), "names no host");
  EXPECT_EQ(describe("host:0"), "has a port that is no number from 1 to 65535");
  EXPECT_EQ(describe("host:65536"), "has a port that is no number from 1 to 65535");
  EXPECT_EQ(describe("host/x"), "has a database that is no number");
  EXPECT_EQ(describe("[::1"), "has a bracket that nothing closes");
  EXPECT_EQ(describe("secret@host"), "has a login without a colon before its password");
  EXPECT_EQ(describe(":%4@host"), "has a login with a % that no two hexadecimal digits follow");
}

TEST(open_store, says_which_urls_there_are_and_no_password) {
  for (const char* url :
       {"", "lmdb:", "temporary:x", "rediss://:secret@host", "redis://secret@host", "file:x"}) {
    const auto store = open_store(url);
    ASSERT_TRUE(store.is(Kind::invalid)) << url;
    EXPECT_NE(store.error().message.find(kStoreUrls), std::string::npos);
    EXPECT_EQ(store.error().message.find("secret"), std::string::npos);
  }
}

TEST_F(redis_store, server_that_is_not_there_is_an_error_with_its_name) {
  const std::string url = server_.url();
  server_.stop();
  const auto store = open_store(url);
  ASSERT_TRUE(store.is(Kind::unavailable));
  EXPECT_NE(store.error().message.find(url), std::string::npos) << store.error().message;
}

TEST_F(redis_store, goes_on_with_a_server_that_came_back) {
  const auto store = open();
  ASSERT_TRUE(store->put("a", "one").ok());
  server_.stop();
  EXPECT_TRUE(store->put("a", "two").is(Kind::unavailable));
  EXPECT_TRUE(store->get("a").is(Kind::unavailable));
  EXPECT_TRUE(store->wait_key("a", kAbsent).is(Kind::unavailable));
  server_.start();
  EXPECT_FALSE(store->get("a")->has_value());
  EXPECT_EQ(*store->put("a", "three"), 1u);
}

TEST_F(redis_store, wait_ends_when_the_server_does) {
  const auto store = open();
  const Version known = *store->put("a", "one");
  std::jthread stopper([&] { server_.stop(); });
  EXPECT_TRUE(store->wait_key("a", known).is(Kind::unavailable));
}

TEST_F(redis_store, wait_survives_a_lost_connection) {
  const auto store = open();
  const Version known = *store->put("a", "one");
  std::jthread writer([&] {
    for (int i = 0; i < 20; ++i) server_.command({"CLIENT", "KILL", "TYPE", "pubsub"});
    EXPECT_TRUE(store->put("a", "two").ok());
  });
  const auto seen = store->wait_key("a", known);
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  EXPECT_EQ(*seen, known + 1);
}

TEST_F(redis_store, lost_connections_are_made_anew) {
  const auto store = open();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(store->put("a", "one").ok());
    server_.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  }
  EXPECT_EQ((*store->get("a"))->version, 3u);
}

TEST_F(redis_store, flushed_scripts_are_loaded_again) {
  const auto store = open();
  ASSERT_TRUE(store->put("a", "one").ok());
  server_.command({"SCRIPT", "FLUSH"});
  EXPECT_TRUE(store->put("a", "two").ok());
}

TEST_F(redis_store, batch_that_is_sent_twice_happens_once) {
  const auto connection = *RedisConnection::open(server_.address());
  const std::vector<std::string_view> keys = {"v", "n", "i", "r", "c", "done:1"};
  const std::vector<std::string_view> arguments = {"c", "9", "put", "log/", "1", "", "x"};
  for (int time = 0; time < 2; ++time) {
    const auto reply = connection->run(RedisScript::apply, keys, arguments);
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_STREQ((*reply)->element[1]->str, "1");
    EXPECT_STREQ((*reply)->element[2]->str, "1");
  }
}

TEST_F(redis_store, full_server_says_so) {
  const auto store = open();
  server_.command({"CONFIG", "SET", "maxmemory", "1"});
  const auto put = store->put("a", "one");
  EXPECT_TRUE(put.is(Kind::full)) << put.error().message;
  server_.command({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(store->put("a", "one").ok());
}

TEST_F(redis_store, logs_in) {
  server_.command({"CONFIG", "SET", "requirepass", "se:cret"});
  EXPECT_TRUE(open_store(server_.url()).is(Kind::unavailable));
  std::string url = server_.url();
  url.insert(std::string("redis://").size(), ":se%3acret@");
  const auto store = open_store(url);
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_EQ((*store)->name(), server_.url());
}

TEST_F(redis_store, databases_do_not_mix) {
  const auto store = open();
  std::string url = server_.url();
  url.back() = '5';
  const auto other = *open_store(url);
  ASSERT_TRUE(store->put("a", "one").ok());
  EXPECT_FALSE(other->get("a")->has_value());
  EXPECT_TRUE(other->wait_key("a", kAbsent, {.deadline_ns = 0}).is(Kind::timed_out));
}

}  // namespace heddle::threads
