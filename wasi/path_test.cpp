// SPDX-License-Identifier: Apache-2.0
// A test for each function on paths, by the kernel's way and by the walk; and attempts to get out, with
// races.
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "wasi/test_guest.h"

namespace heddle::wasi {
namespace {

namespace fs = std::filesystem;
constexpr auto kOut = Guest::kOut;
constexpr auto kOutside = Guest::kOutside;
constexpr Fd kDirectory = Playground::kDirectory;
constexpr uint64_t kReadWrite = rights::kOfFiles;

class WasiPath : public testing::TestWithParam<OpenBeneath> {
 protected:
  static Guest make_guest(const Config& config) {
    Guest guest(config);
    guest.state->open_beneath = GetParam();
    return guest;
  }

  Playground place_;
  Guest guest_ = make_guest(place_.config());
};

using wasi_path = WasiPath;  // suites are named like files
INSTANTIATE_TEST_SUITE_P(kernel, wasi_path, testing::Values(open_beneath_by_kernel));
INSTANTIATE_TEST_SUITE_P(walk, wasi_path, testing::Values(open_beneath_by_walk));

/// A function of two directories and two paths.
Errno on_two_paths(Guest& guest, const char* name, std::string_view from, std::string_view to) {
  guest.put(Guest::kPath, from);
  guest.put(Guest::kOtherPath, to);
  const auto from_size = static_cast<uint32_t>(from.size());
  const auto to_size = static_cast<uint32_t>(to.size());
  if (std::string_view(name) == "path_link")
    return guest.call(name, {kDirectory, 0, Guest::kPath, from_size, kDirectory, Guest::kOtherPath, to_size});
  if (std::string_view(name) == "path_symlink")
    return guest.call(name, {Guest::kPath, from_size, kDirectory, Guest::kOtherPath, to_size});
  return guest.call(name, {kDirectory, Guest::kPath, from_size, kDirectory, Guest::kOtherPath, to_size});
}

Errno set_times(Guest& guest, std::string_view path, bool follow, uint64_t modified) {
  guest.put(Guest::kPath, path);
  return guest.call("path_filestat_set_times",
                    {kDirectory, follow ? 1 : 0, Guest::kPath, static_cast<uint32_t>(path.size()),
                     uint64_t{0}, modified, 4});
}

TEST_P(wasi_path, path_open) {
  EXPECT_EQ(guest_.open(kDirectory, "a", 0, kReadRights).error(), Errno::noent);
  const auto created = guest_.open(kDirectory, "a", open_flags::kCreate | open_flags::kExclusive, kReadWrite);
  ASSERT_TRUE(created.ok());
  EXPECT_EQ(*guest_.write(*created, "text"), 4u);
  EXPECT_EQ(guest_.open(kDirectory, "a", open_flags::kCreate | open_flags::kExclusive, kReadWrite).error(),
            Errno::exist);
  EXPECT_EQ(guest_.open(kDirectory, "a", open_flags::kDirectory, kReadRights).error(), Errno::notdir);
  EXPECT_EQ(guest_.open(kDirectory, "a/", 0, kReadRights).error(), Errno::notdir);
  EXPECT_EQ(guest_.open(kDirectory, "a/b", 0, kReadRights).error(), Errno::notdir);
  EXPECT_EQ(guest_.open(kDirectory, ".", 0, kReadWrite).error(), Errno::isdir);
  EXPECT_TRUE(guest_.open(kDirectory, ".", open_flags::kDirectory, kAllRights).ok());
  EXPECT_EQ(*guest_.read(*guest_.open(kDirectory, "a", 0, kReadRights), 10), "text");
  const auto emptied = guest_.open(kDirectory, "./a", open_flags::kTruncate, kReadWrite);
  EXPECT_TRUE(emptied.ok());
  EXPECT_EQ(fs::file_size(place_.inside / "a"), 0u);
  EXPECT_EQ(guest_.open(kDirectory, "", 0, kReadRights).error(), Errno::noent);
  EXPECT_EQ(guest_.open(kDirectory, std::string("a\0b", 3), 0, kReadRights).error(), Errno::inval);
  EXPECT_EQ(guest_.open(kDirectory, std::string(5000, 'x'), 0, kReadRights).error(), Errno::nametoolong);
  EXPECT_EQ(guest_.open(kDirectory, std::string(300, 'x'), 0, kReadRights).error(), Errno::nametoolong);
  EXPECT_EQ(guest_.open(kDirectory, "a", 16, kReadRights).error(), Errno::inval);
  EXPECT_EQ(guest_.open(kDirectory, "a", 0, kReadRights, 32).error(), Errno::inval);
  EXPECT_EQ(guest_.open(0, "a", 0, kReadRights).error(), Errno::notdir);
  EXPECT_EQ(guest_.open(99, "a", 0, kReadRights).error(), Errno::badf);
  EXPECT_EQ(guest_.call("path_open", {kDirectory, 0, kOutside - 1, 2, 0, kReadRights, uint64_t{0}, 0, kOut}),
            Errno::fault);
  EXPECT_EQ(guest_.call("path_open", {kDirectory, 0, 0, 0xffffffff, 0, kReadRights, uint64_t{0}, 0, kOut}),
            Errno::fault);
}

TEST_P(wasi_path, path_open_never_waits_for_a_pipe) {
  ASSERT_EQ(mkfifo((place_.inside / "pipe").c_str(), 0600), 0);
  const auto reader = guest_.open(kDirectory, "pipe", 0, kReadRights);
  ASSERT_TRUE(reader.ok());
  const auto writer = guest_.open(kDirectory, "pipe", 0, kReadWrite & ~rights::kReading);
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(*guest_.write(*writer, "through"), 7u);
  EXPECT_EQ(*guest_.read(*reader, 10), "through");
}

TEST_P(wasi_path, path_create_directory_and_remove_directory) {
  EXPECT_EQ(guest_.on_path("path_create_directory", kDirectory, "d"), Errno::success);
  EXPECT_EQ(guest_.on_path("path_create_directory", kDirectory, "d/e/"), Errno::success);
  EXPECT_EQ(guest_.on_path("path_create_directory", kDirectory, "d"), Errno::exist);
  EXPECT_EQ(guest_.on_path("path_create_directory", kDirectory, "d/.."), Errno::exist);
  EXPECT_EQ(guest_.on_path("path_create_directory", kDirectory, "none/x"), Errno::noent);
  EXPECT_EQ(guest_.on_path("path_remove_directory", kDirectory, "d"), Errno::notempty);
  EXPECT_EQ(guest_.on_path("path_remove_directory", kDirectory, "d/./e"), Errno::success);
  EXPECT_EQ(guest_.on_path("path_remove_directory", kDirectory, "d/"), Errno::success);
  EXPECT_EQ(guest_.on_path("path_remove_directory", kDirectory, "d"), Errno::noent);
  EXPECT_EQ(guest_.on_path("path_remove_directory", kDirectory, "."), Errno::inval);
}

TEST_P(wasi_path, path_filestat_get_and_set_times) {
  Playground::write(place_.inside / "file", "12345");
  fs::create_symlink("file", place_.inside / "link");
  EXPECT_EQ(guest_.stat(kDirectory, "file")->size, 5u);
  EXPECT_EQ(guest_.stat(kDirectory, "link")->type, FileType::regular_file);
  EXPECT_EQ(guest_.stat(kDirectory, "link", false)->type, FileType::symbolic_link);
  EXPECT_EQ(guest_.stat(kDirectory, ".")->type, FileType::directory);
  EXPECT_EQ(guest_.stat(kDirectory, "file/").error(), Errno::notdir);
  EXPECT_EQ(guest_.stat(kDirectory, "none").error(), Errno::noent);
  EXPECT_EQ(set_times(guest_, "link", true, 5'000'000'000), Errno::success);
  EXPECT_EQ(guest_.stat(kDirectory, "file")->modified, 5'000'000'000u);
  EXPECT_EQ(set_times(guest_, "link", false, 7'000'000'000), Errno::success);
  EXPECT_EQ(guest_.stat(kDirectory, "link", false)->modified, 7'000'000'000u);
  EXPECT_EQ(guest_.stat(kDirectory, "file")->modified, 5'000'000'000u);
  EXPECT_EQ(guest_.call("path_filestat_get", {kDirectory, 2, Guest::kPath, 4, kOut}), Errno::inval);
}

TEST_P(wasi_path, path_link) {
  Playground::write(place_.inside / "file", "x");
  fs::create_symlink("../secret", place_.inside / "link");
  EXPECT_EQ(on_two_paths(guest_, "path_link", "file", "twin"), Errno::success);
  EXPECT_EQ(guest_.stat(kDirectory, "file")->links, 2u);
  EXPECT_EQ(on_two_paths(guest_, "path_link", "file", "twin"), Errno::exist);
  EXPECT_EQ(on_two_paths(guest_, "path_link", "file", "new/"), Errno::noent);
  EXPECT_EQ(on_two_paths(guest_, "path_link", "file/", "new"), Errno::notdir);
  EXPECT_EQ(on_two_paths(guest_, "path_link", "../secret", "stolen"), Errno::notcapable);
  EXPECT_EQ(on_two_paths(guest_, "path_link", "link", "link2"), Errno::success) << "the link itself";
  EXPECT_EQ(guest_.open(kDirectory, "link2", 0, kReadRights).error(), Errno::notcapable);
  EXPECT_EQ(guest_.call("path_link", {kDirectory, 1, Guest::kPath, 4, kDirectory, Guest::kOtherPath, 4}),
            Errno::inval);
}

TEST_P(wasi_path, path_symlink_and_readlink) {
  EXPECT_EQ(on_two_paths(guest_, "path_symlink", "target", "link"), Errno::success);
  EXPECT_EQ(on_two_paths(guest_, "path_symlink", "target", "link"), Errno::exist);
  EXPECT_EQ(on_two_paths(guest_, "path_symlink", "/etc/passwd", "abs"), Errno::notcapable);
  EXPECT_EQ(on_two_paths(guest_, "path_symlink", "target", "link2/"), Errno::noent);
  guest_.put(Guest::kPath, "link");
  EXPECT_EQ(guest_.call("path_readlink", {kDirectory, Guest::kPath, 4, Guest::kBuffer, 100, kOut}),
            Errno::success);
  EXPECT_EQ(guest_.text(Guest::kBuffer, guest_.get<Size>(kOut)), "target");
  EXPECT_EQ(guest_.call("path_readlink", {kDirectory, Guest::kPath, 4, Guest::kBuffer, 3, kOut}),
            Errno::success);
  EXPECT_EQ(guest_.get<Size>(kOut), 3u);
  EXPECT_EQ(guest_.call("path_readlink", {kDirectory, Guest::kPath, 4, kOutside - 1, 2, kOut}), Errno::fault);
  guest_.put(Guest::kPath, ".");
  EXPECT_EQ(guest_.call("path_readlink", {kDirectory, Guest::kPath, 1, Guest::kBuffer, 9, kOut}),
            Errno::inval);
  // Through the link: what is not there yet is made where it points.
  EXPECT_TRUE(guest_.open(kDirectory, "link", open_flags::kCreate, kReadWrite).ok());
  EXPECT_TRUE(fs::exists(place_.inside / "target"));
  EXPECT_EQ(guest_.open(kDirectory, "link", 0, kReadRights, 0, false).error(), Errno::loop);
}

TEST_P(wasi_path, path_rename) {
  Playground::write(place_.inside / "a", "x");
  fs::create_directory(place_.inside / "d");
  EXPECT_EQ(on_two_paths(guest_, "path_rename", "a", "d/b"), Errno::success);
  EXPECT_EQ(on_two_paths(guest_, "path_rename", "a", "b"), Errno::noent);
  EXPECT_EQ(on_two_paths(guest_, "path_rename", "d/b/", "c"), Errno::notdir);
  EXPECT_EQ(on_two_paths(guest_, "path_rename", "d/b", "c/"), Errno::notdir);
  EXPECT_EQ(on_two_paths(guest_, "path_rename", "d/", "e/"), Errno::success);
  EXPECT_EQ(on_two_paths(guest_, "path_rename", "e/b", "../stolen"), Errno::notcapable);
  EXPECT_EQ(on_two_paths(guest_, "path_rename", "../secret", "stolen"), Errno::notcapable);
  EXPECT_EQ(on_two_paths(guest_, "path_rename", "e", "e/f"), Errno::inval);
  EXPECT_EQ(on_two_paths(guest_, "path_rename", "e/.", "f"), Errno::busy);
  EXPECT_TRUE(fs::exists(place_.inside / "e" / "b"));
}

TEST_P(wasi_path, path_unlink_file) {
  Playground::write(place_.inside / "a", "x");
  fs::create_directory(place_.inside / "d");
  fs::create_symlink("../secret", place_.inside / "link");
  fs::create_symlink("..", place_.inside / "up");
  EXPECT_EQ(guest_.on_path("path_unlink_file", kDirectory, "a/"), Errno::notdir);
  EXPECT_EQ(guest_.on_path("path_unlink_file", kDirectory, "a"), Errno::success);
  EXPECT_EQ(guest_.on_path("path_unlink_file", kDirectory, "a"), Errno::noent);
  EXPECT_EQ(guest_.on_path("path_unlink_file", kDirectory, "d"), Errno::isdir);
  EXPECT_EQ(guest_.on_path("path_unlink_file", kDirectory, "d/"), Errno::isdir);
  EXPECT_EQ(guest_.on_path("path_unlink_file", kDirectory, "link"), Errno::success) << "the link";
  EXPECT_EQ(guest_.on_path("path_unlink_file", kDirectory, "up/secret"), Errno::notcapable);
  EXPECT_EQ(guest_.on_path("path_remove_directory", kDirectory, "up/"), Errno::notdir);
  EXPECT_EQ(Playground::read(place_.root / "secret"), "secret");
}

TEST_P(wasi_path, nothing_leads_outside) {
  fs::create_directories(place_.inside / "d" / "e");
  fs::create_symlink("../../secret", place_.inside / "d" / "relative");
  fs::create_symlink(place_.root / "secret", place_.inside / "absolute");
  fs::create_symlink("..", place_.inside / "up");
  fs::create_symlink("/proc/self/root", place_.inside / "magic");
  for (const char* path : {"..", "../", "../secret", "/secret", "/", "d/../../secret", "d/e/../../../secret",
                           "d/relative", "absolute", "up/secret", "up", "up/", "up/.", "up/..",
                           "magic/etc/passwd", "../inside/d", "d/../.././inside"}) {
    const auto opened = guest_.open(kDirectory, path, 0, kReadRights);
    EXPECT_EQ(opened.error(), Errno::notcapable) << path;
    // The kernel may refuse to create what ends in a slash before it looks where that leads.
    const auto created = guest_.open(kDirectory, path, open_flags::kCreate, kReadWrite);
    EXPECT_TRUE(created.error() == Errno::notcapable || created.error() == Errno::isdir) << path;
    EXPECT_EQ(guest_.stat(kDirectory, path).error(), Errno::notcapable) << path;
    EXPECT_EQ(set_times(guest_, path, true, 1), Errno::notcapable) << path;
  }
  for (const char* path : {"..", "up/", "up/.", "d/../.."})
    EXPECT_EQ(guest_.stat(kDirectory, path, false).error(), Errno::notcapable) << path;
  for (const char* path : {"../new", "up/new", "/new", "d/../../new", "..", "d/../.."})
    EXPECT_EQ(guest_.on_path("path_create_directory", kDirectory, path), Errno::notcapable) << path;
  EXPECT_EQ(guest_.stat(kDirectory, "d/e/../..")->inode, guest_.stat(kDirectory, ".")->inode);
  EXPECT_FALSE(fs::exists(place_.root / "new"));
}

TEST_P(wasi_path, links_without_an_end) {
  fs::create_symlink("b", place_.inside / "a");
  fs::create_symlink("a", place_.inside / "b");
  fs::create_symlink("self/x", place_.inside / "self");
  EXPECT_EQ(guest_.open(kDirectory, "a", 0, kReadRights).error(), Errno::loop);
  EXPECT_EQ(guest_.open(kDirectory, "self", 0, kReadRights).error(), Errno::loop);
  Playground::write(place_.inside / "0", "end");
  for (int i = 1; i <= 41; ++i) fs::create_symlink(std::to_string(i - 1), place_.inside / std::to_string(i));
  EXPECT_TRUE(guest_.open(kDirectory, "40", 0, kReadRights).ok());
  EXPECT_EQ(guest_.open(kDirectory, "41", 0, kReadRights).error(), Errno::loop);
}

TEST_P(wasi_path, a_read_only_directory_stays_as_it_is) {
  Playground::write(place_.inside / "file", "text");
  fs::create_directory(place_.inside / "d");
  Playground other;
  Config config = place_.config(true);
  config.directories.push_back({other.inside.string(), "/rw", false});
  Guest guest = make_guest(config);
  EXPECT_EQ(*guest.read(*guest.open(kDirectory, "file", 0, kReadRights), 10), "text");
  EXPECT_EQ(*guest.read(*guest.open(kDirectory, "file", open_flags::kCreate, kReadRights), 10), "text");
  EXPECT_EQ(guest.open(kDirectory, "file", 0, kReadWrite).error(), Errno::rofs);
  EXPECT_EQ(guest.open(kDirectory, "file", open_flags::kTruncate, kReadRights).error(), Errno::rofs);
  EXPECT_EQ(guest.open(kDirectory, "new", open_flags::kCreate, kReadRights).error(), Errno::rofs);
  EXPECT_EQ(guest.open(kDirectory, "file", open_flags::kCreate | open_flags::kExclusive, kReadRights).error(),
            Errno::exist);
  for (const char* name : {"path_create_directory", "path_remove_directory", "path_unlink_file"})
    EXPECT_EQ(guest.on_path(name, kDirectory, "d"), Errno::rofs) << name;
  for (const char* name : {"path_rename", "path_link", "path_symlink"})
    EXPECT_EQ(on_two_paths(guest, name, "file", "other"), Errno::rofs) << name;
  EXPECT_EQ(set_times(guest, "file", true, 1), Errno::rofs);
  const Fd file = *guest.open(kDirectory, "file", 0, kReadRights);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {file, uint64_t{0}, uint64_t{1}, 4}), Errno::rofs);
  const Fd below = *guest.open(kDirectory, "d", open_flags::kDirectory, kAllRights);
  EXPECT_EQ(guest.on_path("path_create_directory", below, "x"), Errno::rofs) << "handed on";
  // A second name in a directory that may be changed would be a way to change the file.
  guest.put(Guest::kPath, "file");
  for (const char* name : {"path_link", "path_rename"}) {
    const bool links = std::string(name) == "path_link";
    const Errno error = links ? guest.call(name, {kDirectory, 0, Guest::kPath, 4, 4, Guest::kPath, 4})
                              : guest.call(name, {kDirectory, Guest::kPath, 4, 4, Guest::kPath, 4});
    EXPECT_EQ(error, Errno::rofs) << name;
  }
  EXPECT_EQ(Playground::read(place_.inside / "file"), "text");
}

/// Exchanges a directory and a symbolic link to outside for as long as it lives.
class Swapper {
 public:
  explicit Swapper(const Playground& place) {
    fs::create_directory(place.inside / "x");
    Playground::write(place.inside / "x" / "secret", "public");
    fs::create_symlink(place.root, place.inside / "y");
    thread_ = std::thread([this, x = place.inside / "x", y = place.inside / "y"] {
      while (!stop_) (void)renameat2(AT_FDCWD, x.c_str(), AT_FDCWD, y.c_str(), RENAME_EXCHANGE);
    });
  }
  ~Swapper() {
    stop_ = true;
    thread_.join();
  }
  Swapper(const Swapper&) = delete;
  Swapper& operator=(const Swapper&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST_P(wasi_path, thread_races_with_links_lead_nowhere) {
  const Swapper swapper(place_);
  int opened = 0, refused = 0;
  for (int i = 0; i < 20'000 && (i < 2000 || opened == 0 || refused == 0); ++i) {
    const auto fd = guest_.open(kDirectory, "x/secret", 0, kReadRights);
    if (fd.ok()) {
      ASSERT_EQ(*guest_.read(*fd, 20), "public");
      ASSERT_EQ(guest_.call("fd_close", {*fd}), Errno::success);
      ++opened;
    } else {
      ASSERT_TRUE(fd.error() == Errno::notcapable || fd.error() == Errno::noent) << to_string(fd.error());
      ++refused;
    }
    (void)guest_.open(kDirectory, "x/planted", open_flags::kCreate, kReadWrite & ~rights::kReading);
    (void)guest_.call("fd_close", {4});
    (void)guest_.on_path("path_create_directory", kDirectory, "x/made");
    (void)guest_.on_path("path_unlink_file", kDirectory, "x/../x/secret2");
    (void)guest_.on_path("path_remove_directory", kDirectory, "x/made");
  }
  EXPECT_GT(opened, 0);
  EXPECT_GT(refused, 0);
  EXPECT_FALSE(fs::exists(place_.root / "planted"));
  EXPECT_FALSE(fs::exists(place_.root / "made"));
}

TEST(wasi_resolver, best_way_is_one_of_the_two) {
  EXPECT_TRUE(best_open_beneath() == open_beneath_by_kernel || best_open_beneath() == open_beneath_by_walk);
}

}  // namespace
}  // namespace heddle::wasi
