// SPDX-License-Identifier: Apache-2.0
// Tests of what only the store of LMDB does: folders, processes, room.
#include "threads/store/lmdb_store.h"

#include <sys/mman.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "threads/store/test_stores.h"

namespace heddle::threads {

namespace {

using Kind = StoreErrorKind;

std::shared_ptr<KeyValueStore> open_folder(const TemporaryFolder& folder) {
  auto store = open_store("lmdb:" + folder.path() + "/a/b");
  EXPECT_TRUE(store.ok()) << store.error().message;
  return *std::move(store);
}

}  // namespace

TEST(lmdb_store, keeps_what_was_stored) {
  const TemporaryFolder folder;
  ASSERT_TRUE(open_folder(folder)->put("a", "one").ok());
  const auto store = open_folder(folder);
  EXPECT_EQ((*store->get("a"))->value, "one");
  EXPECT_EQ(*store->put("a", "two"), 2u);
}

TEST(lmdb_store, opened_twice_is_one) {
  const TemporaryFolder folder;
  auto first = open_folder(folder);
  const auto second = open_folder(folder);
  ASSERT_TRUE(first->put("a", "one").ok());
  EXPECT_EQ((*second->get("a"))->value, "one");
  first.reset();
  EXPECT_TRUE(second->put("a", "two").ok());
}

TEST(lmdb_store, opens_and_closes_from_many_threads) {
  const TemporaryFolder folder;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round)
        EXPECT_TRUE(open_folder(folder)->put(std::to_string(i), "x").ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(open_folder(folder)->scan("")->revision, 80u);
}

TEST(lmdb_store, names_the_folder_it_can_not_have) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "no folder";
  const auto store = open_store("lmdb:" + folder.path() + "/file/store");
  ASSERT_TRUE(store.is(Kind::unavailable));
  EXPECT_NE(store.error().message.find("/file/store"), std::string::npos) << store.error().message;
}

TEST(lmdb_store, refuses_a_file_that_is_none_of_lmdb) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() + "/data.mdb") << std::string(8192, 'x');
  const auto store = open_store("lmdb:" + folder.path());
  EXPECT_TRUE(store.is(Kind::corrupt)) << (store ? "opened" : store.error().message);
}

TEST(lmdb_store, full_store_says_so_and_lives_on) {
  auto environment = LmdbEnvironment::temporary({.most_bytes = size_t{1} << 20});
  ASSERT_TRUE(environment.ok());
  LmdbStore store(*environment, nullptr, false);
  ASSERT_TRUE(store.put("a", "one").ok());
  const auto put = store.put("b", std::string(2 << 20, 'x'));
  ASSERT_TRUE(put.is(Kind::full));
  EXPECT_NE(put.error().message.find("more room"), std::string::npos);
  EXPECT_EQ((*store.get("a"))->value, "one");
  EXPECT_FALSE(store.get("b")->has_value());
  EXPECT_TRUE(store.put("c", "small").ok());
}

TEST(lmdb_store, temporary_leaves_no_files) {
  const TemporaryFolder folder;
  setenv("TMPDIR", folder.path().c_str(), 1);
  const auto store = open_store("temporary:");
  unsetenv("TMPDIR");
  ASSERT_TRUE(store.ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  ASSERT_TRUE((*store)->put("a", "one").ok());
  EXPECT_FALSE((*open_store("temporary:"))->get("a")->has_value());
}

namespace {

/// A process that counts up how often it has changed its key, until it is killed.
class Writer {
 public:
  Writer(const std::string& folder, std::atomic<uint64_t>& puts) : process_(fork()) {
    if (process_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto environment = LmdbEnvironment::open(folder, {.durable = false});
    if (!environment.ok()) _exit(1);
    LmdbStore store(*environment, nullptr, false);
    const std::string key = std::to_string(getpid());
    for (; store.put(key, "x").ok() && store.get(key)->has_value(); ++puts) continue;
    _exit(2);
  }
  ~Writer() {
    kill(process_, SIGKILL);
    int status = 0;
    waitpid(process_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "exit code " << WEXITSTATUS(status);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

 private:
  const pid_t process_;
};

}  // namespace

// Three, because it takes one that takes the turn of the one that dies, and one that waits beside it.
TEST(lmdb_store, writer_that_is_killed_stalls_nobody) {
  const TemporaryFolder folder;
  constexpr size_t kBytes = 4096;
  void* const page = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  auto& puts = *static_cast<std::array<std::atomic<uint64_t>, 3>*>(page);
  const auto wait_for_another = [&](size_t writer) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (const uint64_t before = puts[writer]; puts[writer] == before;) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
  };
  {
    const Writer busy(folder.path(), puts[0]);
    const Writer waiting(folder.path(), puts[1]);
    for (int round = 0; round < 100 && !HasFailure(); ++round) {
      {
        const Writer doomed(folder.path(), puts[2]);
        ASSERT_TRUE(wait_for_another(2)) << "round " << round;
      }
      ASSERT_TRUE(wait_for_another(1)) << "round " << round;
      ASSERT_TRUE(wait_for_another(0)) << "round " << round;
    }
  }
  munmap(page, kBytes);
}

TEST(lmdb_store, wait_hears_of_other_processes) {
  const TemporaryFolder folder;
  std::array<int, 2> go = {};
  ASSERT_EQ(pipe(go.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    if (read(go[0], &byte, 1) != 1) _exit(1);
    _exit(open_folder(folder)->put("a/1", "from the child").ok() ? 0 : 2);
  }
  // Only the child's announcement is quicker than an hour.
  const auto environment =
      LmdbEnvironment::open(folder.path() + "/a/b", {.look_ns = int64_t{3'600'000'000'000}});
  ASSERT_TRUE(environment.ok()) << environment.error().message;
  const auto store = std::make_shared<LmdbStore>(*environment, nullptr, false);
  std::thread starter([&] { EXPECT_EQ(write(go[1], "x", 1), 1); });
  EXPECT_EQ(*store->wait_prefix("a/", 0), 1u);
  EXPECT_EQ((*store->get("a/1"))->value, "from the child");
  starter.join();
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  close(go[0]);
  close(go[1]);
}

}  // namespace heddle::threads
