// SPDX-License-Identifier: Apache-2.0
// WASI preview 1: what a guest may see of its host, and the functions of wasi_snapshot_preview1 for a Linker.
//
// A guest has what its Config names and nothing else: no files but those below its directories, no variables,
// no clock it was not given. docs/WASI.md shows how to run and to embed, and what the guarantees are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <heddle/export.h>
#include <heddle/instance.h>
#include <heddle/linker.h>
#include <heddle/module.h>
#include <heddle/outcome.h>
#include <heddle/result.h>
#include <heddle/wasi_host.h>

namespace heddle::wasi {

/// Where a standard stream of the guest comes from or goes to.
class HEDDLE_API Stdio {
 public:
  enum class Kind : uint8_t { none, inherit, descriptor, path, stream };

  /// Reading finds the end, what is written vanishes.
  [[nodiscard]] static Stdio none() { return {}; }
  /// The host's stream of the same number.
  [[nodiscard]] static Stdio inherit() { return Stdio(Kind::inherit); }
  /// A copy of a descriptor of the host; the host closes its own when it likes.
  [[nodiscard]] static Stdio descriptor(int fd) {
    Stdio stdio(Kind::descriptor);
    stdio.descriptor_ = fd;
    return stdio;
  }
  /// A file of the host: read as input; created or emptied as output.
  [[nodiscard]] static Stdio file(std::string path) {
    Stdio stdio(Kind::path);
    stdio.path_ = std::move(path);
    return stdio;
  }
  [[nodiscard]] static Stdio stream(std::shared_ptr<Stream> stream) {
    Stdio stdio(Kind::stream);
    stdio.stream_ = std::move(stream);
    return stdio;
  }

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const std::shared_ptr<Stream>& stream() const noexcept { return stream_; }

 private:
  Stdio() = default;
  explicit Stdio(Kind kind) : kind_(kind) {}
  Kind kind_ = Kind::none;
  int descriptor_ = -1;
  std::string path_;
  std::shared_ptr<Stream> stream_;
};

/// A directory of the host that the guest finds under a name of its own.
struct Directory {
  std::string host;
  std::string guest;
  bool read_only = false;  ///< everything below answers errno rofs to what would change it
};

/// What guests of one context may take. Beyond it they get an errno.
struct Limits {
  uint32_t open_files = 1024;            ///< descriptors, standard streams and directories included
  uint64_t bytes_per_call = 1ull << 30;  ///< read or written by one call, which then is a short one
  uint32_t subscriptions_per_poll = 4096;
};

/// Everything a guest gets to see. A default Config shows it nothing but the time and random numbers.
struct Config {
  std::vector<std::string> arguments;  ///< the first is the program's name
  std::vector<std::pair<std::string, std::string>> environment;
  Stdio input = Stdio::none();
  Stdio output = Stdio::none();
  Stdio error = Stdio::none();
  std::vector<Directory> directories;
  std::vector<int> sockets;        ///< listening sockets, copied and made non-blocking; after the directories
  std::shared_ptr<Clocks> clocks;  ///< null: host_clocks()
  std::shared_ptr<Blocking> blocking;   ///< null: host_blocking()
  std::optional<uint64_t> random_seed;  ///< none: the operating system's random numbers
  Limits limits;
};

namespace detail {
struct State;
}

/// What one program sees: its table of descriptors and the rest of its Config. Copies are the same context.
///
/// Threads: every function may be called from any thread at any time; instances on several threads may share
/// a context, as the threads of one program do.
class HEDDLE_API Context {
 public:
  /// Errors: resource (a directory or file that can't be opened, named with the reason), usage.
  [[nodiscard]] static Result<Context> create(const Config& config);

  /// Defines all functions under `module`. Errors: usage, if one is defined already.
  Result<void> add_to(Linker& linker, std::string_view module = "wasi_snapshot_preview1") const;

 private:
  explicit Context(std::shared_ptr<detail::State> state) : state_(std::move(state)) {}
  std::shared_ptr<detail::State> state_;
};

/// Does it import functions of WASI preview 1?
[[nodiscard]] HEDDLE_API bool is_wanted_by(const Module& module);

/// Runs a command's `_start`, or a reactor's `_initialize`, or nothing if it exports neither: its exit code,
/// 0 for one that just returned. A program that exits is no trap here.
[[nodiscard]] HEDDLE_API Outcome<uint32_t> start(const Instance& instance);

}  // namespace heddle::wasi
