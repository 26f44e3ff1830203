// SPDX-License-Identifier: Apache-2.0
// Resolving by hand: one component after the other, each opened without following anything.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "engine/support/try.h"
#include "wasi/resolver.h"

namespace heddle::wasi {

namespace {

/// One walk. `..` goes back to a directory that the walk came through, by its descriptor, so it can't
/// lead above the start even while directories are being moved.
class Walk {
 public:
  Walk(int start, const OpenHow& how) : start_(start), how_(how) {}

  Expected<UniqueFd> run(const std::string& path) {
    HEDDLE_TRY(add_components(path));
    while (!rest_.empty()) {
      const std::string name = std::move(rest_.back());
      rest_.pop_back();
      if (name == ".") continue;
      if (name == "..") {
        if (through_.empty()) return Errno::notcapable;
        through_.pop_back();
      } else if (!rest_.empty()) {
        HEDDLE_TRY(enter(name));
      } else {
        HEDDLE_TRY_ASSIGN(UniqueFd found, open_last(name));
        if (found) return found;
      }
    }
    UniqueFd found(openat(here(), ".", how_.flags | O_CLOEXEC, how_.mode));
    if (!found) return last_error();
    return found;
  }

 private:
  [[nodiscard]] int here() const { return through_.empty() ? start_ : through_.back().get(); }

  /// Puts a path's components before the rest; a trailing slash is one more, `.`.
  Expected<void> add_components(std::string_view path) {
    if (path.empty()) return Errno::noent;
    if (path.front() == '/') return Errno::notcapable;
    std::vector<std::string> components;
    for (size_t begin = 0; begin <= path.size();) {
      const size_t end = std::min(path.find('/', begin), path.size());
      if (end != begin) {
        components.emplace_back(path.substr(begin, end - begin));
      } else if (end == path.size()) {
        components.emplace_back(".");
      }
      begin = end + 1;
    }
    rest_.insert(rest_.end(), std::make_move_iterator(components.rbegin()),
                 std::make_move_iterator(components.rend()));
    return {};
  }

  /// The link's target takes the link's place. `link` is a descriptor on it, or its directory with its name.
  Expected<void> follow(int link, const char* name) {
    if (++links_ > kMostLinks) return Errno::loop;
    char target[kMostPathBytes];
    const ssize_t size = readlinkat(link, name, target, sizeof target);
    if (size < 0) return last_error();
    if (size == sizeof target) return Errno::nametoolong;
    return add_components(std::string_view(target, static_cast<size_t>(size)));
  }

  /// A component that others follow.
  Expected<void> enter(const std::string& name) {
    UniqueFd next(openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return last_error();
    struct stat stat{};
    if (fstat(next.get(), &stat) < 0) return last_error();
    if (S_ISLNK(stat.st_mode)) return follow(next.get(), "");
    if (!S_ISDIR(stat.st_mode)) return Errno::notdir;
    through_.push_back(std::move(next));
    return {};
  }

  /// The last component. Success without a descriptor: it was a link, and the walk goes on.
  Expected<UniqueFd> open_last(const std::string& name) {
    UniqueFd found(openat(here(), name.c_str(), how_.flags | O_NOFOLLOW | O_CLOEXEC, how_.mode));
    const int error = errno;
    if (!how_.follow) return found ? Expected<UniqueFd>(std::move(found)) : to_errno(error);
    if (found) {
      struct stat stat{};
      // Only O_PATH opens a link itself.
      if ((how_.flags & O_PATH) == 0) return found;
      if (fstat(found.get(), &stat) < 0) return last_error();
      if (!S_ISLNK(stat.st_mode)) return found;
      HEDDLE_TRY(follow(found.get(), ""));
      return UniqueFd();
    }
    if (error != ELOOP && error != ENOTDIR) return to_errno(error);
    const Expected<void> followed = follow(here(), name.c_str());
    // It is no link: the first answer was the right one.
    if (!followed.ok()) return followed.error() == Errno::inval ? to_errno(error) : followed.error();
    return UniqueFd();
  }

  const int start_;
  const OpenHow how_;
  std::vector<UniqueFd> through_;  ///< the directories from the start to here
  std::vector<std::string> rest_;  ///< last first
  int links_ = 0;
};

}  // namespace

Expected<UniqueFd> open_beneath_by_walk(int directory, const std::string& path, const OpenHow& how) {
  return Walk(directory, how).run(path);
}

}  // namespace heddle::wasi
