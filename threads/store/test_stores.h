// SPDX-License-Identifier: Apache-2.0
// What tests of the store start from: folders that vanish, a Redis server of their own, stores of each kind.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "threads/store/open_store.h"
#include "threads/store/redis_connection.h"

namespace heddle::threads {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "heddle-test-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// A redis-server on a free port of the loopback that stores nothing on the disk and dies with the test.
class RedisServer {
 public:
  RedisServer() { start(); }
  ~RedisServer() { stop(); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// The one that tests share; not running where Debian's package redis-server is not installed.
  [[nodiscard]] static RedisServer& shared() {
    static RedisServer server;
    return server;
  }
  [[nodiscard]] bool running() const noexcept { return process_ > 0; }
  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_) + "/0"; }
  [[nodiscard]] RedisAddress address() const { return {"127.0.0.1", port_, 0, "", ""}; }

  /// On the port it had, if it had one: with nothing in it.
  void start() {
    const bool keep_port = port_ != 0;
    for (int attempt = 0; attempt < 10 && !running(); ++attempt) {
      if (!keep_port) port_ = free_port();
      run();
    }
  }
  void stop() {
    if (!running()) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  void command(std::initializer_list<std::string_view> words) const {
    auto connection = RedisConnection::open(address());
    ASSERT_TRUE(connection.ok()) << connection.error().message;
    const auto reply = (*connection)->command(std::span(words.begin(), words.size()));
    ASSERT_TRUE(reply.ok()) << reply.error().message;
  }

 private:
  [[nodiscard]] static uint16_t free_port() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    close(fd);
    return ntohs(address.sin_port);
  }

  /// Waits for the line with which the server says that it is ready; it is not if somebody has its port.
  void run() {
    std::array<int, 2> output = {};
    ASSERT_EQ(pipe(output.data()), 0);
    const std::string port = std::to_string(port_);
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(output[1], STDOUT_FILENO);
      close(output[0]);
      execlp("redis-server", "redis-server", "--port", port.c_str(), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", nullptr);
      _exit(127);
    }
    close(output[1]);
    std::string said;
    std::array<char, 4096> buffer;
    bool ready = false;
    for (ssize_t count = 1; count > 0 && !ready; ready = said.find("Ready to accept") != std::string::npos) {
      count = read(output[0], buffer.data(), buffer.size());
      if (count > 0) said.append(buffer.data(), static_cast<size_t>(count));
    }
    output_ = std::make_unique<Pipe>(output[0]);
    if (ready)
      process_ = child;
    else
      waitpid(child, nullptr, 0);
  }

  /// Kept open: the server writes to it.
  struct Pipe {
    explicit Pipe(int descriptor) : fd(descriptor) {}
    ~Pipe() { close(fd); }
    int fd;
  };
  uint16_t port_ = 0;
  pid_t process_ = 0;
  std::unique_ptr<Pipe> output_;
};

/// A test that runs with each kind of store; GetParam() is its name.
class EachStore : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string kind = GetParam();
    if (kind == "temporary") url_ = "temporary:";
    if (kind == "lmdb") url_ = "lmdb:" + folder_.path() + "/store";
    if (kind != "redis") return;
    if (!RedisServer::shared().running()) GTEST_SKIP() << "redis-server is not installed";
    url_ = RedisServer::shared().url();
    RedisServer::shared().command({"FLUSHALL"});
  }

  [[nodiscard]] std::shared_ptr<KeyValueStore> open(const StoreOptions& options = {}) const {
    auto store = open_store(url_, options);
    EXPECT_TRUE(store.ok()) << store.error().message;
    return *std::move(store);
  }
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  TemporaryFolder folder_;
  std::string url_;
};

}  // namespace heddle::threads
