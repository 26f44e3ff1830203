// SPDX-License-Identifier: Apache-2.0
// A test for each function on open files: standard streams, reading and writing, rights, flags, listing.
#include <fcntl.h>
#include <sys/socket.h>

#include <set>
#include <thread>

#include "wasi/test_guest.h"

namespace heddle::wasi {
namespace {

constexpr auto kOut = Guest::kOut;
constexpr auto kOutside = Guest::kOutside;
constexpr Fd kDirectory = Playground::kDirectory;
constexpr uint64_t kReadWrite = rights::kOfFiles;

TEST(wasi_descriptor, streams_in_memory) {
  const auto buffer = std::make_shared<Buffer>("input", 8);
  Config config;
  config.input = Stdio::stream(buffer);
  config.output = Stdio::stream(buffer);
  Guest guest(config);
  EXPECT_EQ(*guest.read(0, 3), "inp");
  EXPECT_EQ(*guest.read(0, 30), "ut");
  EXPECT_EQ(*guest.read(0, 30), "");
  EXPECT_EQ(*guest.write(1, "12345"), 5u);
  EXPECT_EQ(*guest.write(1, "67890"), 3u) << "the buffer takes eight";
  EXPECT_EQ(guest.write(1, "x").error(), Errno::pipe);
  EXPECT_EQ(buffer->written(), "12345678");
  EXPECT_EQ(*guest.write(2, "nobody hears it"), 15u);
  EXPECT_EQ(guest.call("fd_tell", {0, kOut}), Errno::spipe);
}

TEST(wasi_descriptor, streams_from_and_to_files) {
  Playground place;
  Playground::write(place.root / "in", "from a file");
  Config config;
  config.input = Stdio::file(place.root / "in");
  config.output = Stdio::file(place.root / "out");
  {
    Guest guest(config);
    EXPECT_EQ(*guest.read(0, 30), "from a file");
    EXPECT_EQ(guest.write(0, "x").error(), Errno::notcapable);
    EXPECT_EQ(*guest.write(1, "to a file"), 9u);
  }
  EXPECT_EQ(Playground::read(place.root / "out"), "to a file");
  config.input = Stdio::file(place.root / "none");
  EXPECT_FALSE(Context::create(config).ok());
}

TEST(wasi_descriptor, a_reader_that_is_gone_is_an_errno_and_no_signal) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Config config;
  config.output = Stdio::descriptor(ends[1]);
  close(ends[0]);
  Guest guest(config);
  EXPECT_EQ(guest.write(1, "x").error(), Errno::pipe);
  EXPECT_EQ(guest.write(1, std::string(10000, 'x')).error(), Errno::pipe);
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
  close(ends[1]);
}

TEST(wasi_descriptor, fd_write_fd_read_fd_seek_fd_tell) {
  Playground place;
  Guest guest(place.config());
  const Fd fd = *guest.open(kDirectory, "file", open_flags::kCreate, kReadWrite);
  EXPECT_EQ(fd, 4u);
  EXPECT_EQ(*guest.write(fd, "0123456789"), 10u);
  EXPECT_EQ(guest.call("fd_tell", {fd, kOut}), Errno::success);
  EXPECT_EQ(guest.get<uint64_t>(kOut), 10u);
  EXPECT_EQ(guest.call("fd_seek", {fd, int64_t{-4}, 1, kOut}), Errno::success);
  EXPECT_EQ(guest.get<uint64_t>(kOut), 6u);
  EXPECT_EQ(*guest.read(fd, 100), "6789");
  EXPECT_EQ(guest.call("fd_seek", {fd, int64_t{-1}, 2, kOut}), Errno::success);
  EXPECT_EQ(*guest.read(fd, 100), "9");
  EXPECT_EQ(guest.call("fd_seek", {fd, int64_t{-1}, 0, kOut}), Errno::inval);
  EXPECT_EQ(guest.call("fd_seek", {fd, int64_t{0}, 3, kOut}), Errno::inval);
  EXPECT_EQ(guest.call("fd_seek", {kDirectory, int64_t{0}, 0, kOut}), Errno::isdir);
  EXPECT_EQ(guest.call("fd_read", {kDirectory, 0, 0, kOut}), Errno::isdir);
}

TEST(wasi_descriptor, fd_pread_fd_pwrite) {
  Playground place;
  Guest guest(place.config());
  const Fd fd = *guest.open(kDirectory, "file", open_flags::kCreate, kReadWrite);
  guest.put(Guest::kBuffer, "abcdef");
  guest.put_value(Guest::kVectors, std::array{IoVector{Guest::kBuffer, 2}, IoVector{Guest::kBuffer + 4, 2}});
  EXPECT_EQ(guest.call("fd_pwrite", {fd, Guest::kVectors, 2, uint64_t{3}, kOut}), Errno::success);
  EXPECT_EQ(guest.get<Size>(kOut), 4u);
  EXPECT_EQ(Playground::read(place.inside / "file"), std::string("\0\0\0abef", 7));
  guest.put_value(Guest::kVectors, IoVector{Guest::kBuffer, 100});
  EXPECT_EQ(guest.call("fd_pread", {fd, Guest::kVectors, 1, uint64_t{4}, kOut}), Errno::success);
  EXPECT_EQ(guest.text(Guest::kBuffer, guest.get<Size>(kOut)), "bef");
  EXPECT_EQ(guest.call("fd_pread", {fd, Guest::kVectors, 1, UINT64_MAX, kOut}), Errno::inval);
  EXPECT_EQ(guest.call("fd_pread", {0, Guest::kVectors, 1, uint64_t{0}, kOut}), Errno::spipe);
  EXPECT_EQ(guest.call("fd_pwrite", {1, Guest::kVectors, 1, uint64_t{0}, kOut}), Errno::spipe);
}

TEST(wasi_descriptor, vectors_are_checked_before_anything_happens) {
  Playground place;
  Config config = place.config();
  config.limits.bytes_per_call = 6;
  Guest guest(config);
  const Fd fd = *guest.open(kDirectory, "file", open_flags::kCreate, kReadWrite);
  guest.put_value(Guest::kVectors, std::array{IoVector{Guest::kBuffer, 2}, IoVector{kOutside - 1, 2}});
  EXPECT_EQ(guest.call("fd_write", {fd, Guest::kVectors, 2, kOut}), Errno::fault);
  EXPECT_EQ(guest.call("fd_write", {fd, Guest::kVectors, 1, kOutside - 3}), Errno::fault);
  EXPECT_EQ(guest.call("fd_write", {fd, Guest::kVectors, 0xffffffff, kOut}), Errno::fault);
  EXPECT_EQ(guest.call("fd_write", {fd, kOutside - 7, 1, kOut}), Errno::fault);
  EXPECT_EQ(Playground::read(place.inside / "file"), "");
  guest.put(Guest::kBuffer, "abcdef");
  guest.put_value(Guest::kVectors, std::array{IoVector{Guest::kBuffer, 5}, IoVector{Guest::kBuffer, 5}});
  EXPECT_EQ(guest.call("fd_write", {fd, Guest::kVectors, 2, kOut}), Errno::success);
  EXPECT_EQ(guest.get<Size>(kOut), 6u) << "the limit makes it a short write";
  EXPECT_EQ(Playground::read(place.inside / "file"), "abcdea");
  // Buffers that overlap each other, and the vectors.
  EXPECT_EQ(guest.call("fd_seek", {fd, int64_t{0}, 0, kOut}), Errno::success);
  guest.put_value(Guest::kVectors,
                  std::array{IoVector{Guest::kVectors, 4}, IoVector{Guest::kVectors + 2, 2}});
  EXPECT_EQ(guest.call("fd_read", {fd, Guest::kVectors, 2, kOut}), Errno::success);
  EXPECT_EQ(guest.text(Guest::kVectors, 4), "abea");
}

TEST(wasi_descriptor, fd_close_and_fd_renumber) {
  Playground place;
  Guest guest(place.config());
  const Fd a = *guest.open(kDirectory, "a", open_flags::kCreate, kReadWrite);
  const Fd b = *guest.open(kDirectory, "b", open_flags::kCreate, kReadWrite);
  EXPECT_EQ(guest.call("fd_renumber", {a, a}), Errno::success);
  EXPECT_EQ(guest.call("fd_renumber", {a, 99}), Errno::badf);
  EXPECT_EQ(guest.call("fd_renumber", {99, a}), Errno::badf);
  EXPECT_EQ(guest.call("fd_renumber", {0xffffffff, 0xffffffff}), Errno::badf);
  EXPECT_EQ(guest.call("fd_renumber", {a, b}), Errno::success);
  EXPECT_EQ(*guest.write(b, "into a"), 6u);
  EXPECT_EQ(Playground::read(place.inside / "a"), "into a");
  EXPECT_EQ(guest.write(a, "x").error(), Errno::badf);
  EXPECT_EQ(guest.call("fd_close", {b}), Errno::success);
  EXPECT_EQ(guest.call("fd_close", {b}), Errno::badf);
  EXPECT_EQ(*guest.open(kDirectory, "a", 0, kReadRights), a) << "the lowest free number";
}

TEST(wasi_descriptor, the_table_has_a_limit) {
  Playground place;
  Config config = place.config();
  config.limits.open_files = 6;
  Guest guest(config);
  EXPECT_TRUE(guest.open(kDirectory, ".", 0, kReadRights).ok());
  EXPECT_TRUE(guest.open(kDirectory, ".", 0, kReadRights).ok());
  EXPECT_EQ(guest.open(kDirectory, ".", 0, kReadRights).error(), Errno::nfile);
  config.limits.open_files = 3;
  EXPECT_FALSE(Context::create(config).ok());
}

TEST(wasi_descriptor, fd_fdstat_get_and_set_rights) {
  Playground place;
  Guest guest(place.config());
  EXPECT_EQ(guest.call("fd_fdstat_get", {kDirectory, kOut}), Errno::success);
  const auto directory = guest.get<FdStat>(kOut);
  EXPECT_EQ(directory.type, FileType::directory);
  EXPECT_EQ(directory.rights_base, rights::kOfDirectories);
  EXPECT_EQ(directory.rights_inheriting, rights::kAll);
  const Fd fd = *guest.open(kDirectory, "file", open_flags::kCreate, kAllRights, fd_flags::kAppend);
  EXPECT_EQ(guest.call("fd_fdstat_get", {fd, kOut}), Errno::success);
  auto file = guest.get<FdStat>(kOut);
  EXPECT_EQ(file.type, FileType::regular_file);
  EXPECT_EQ(file.flags, fd_flags::kAppend);
  EXPECT_EQ(file.rights_base, rights::kOfFiles & ~(rights::sock_accept | rights::sock_shutdown));
  const uint64_t less = file.rights_base & ~rights::fd_write;
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, less, uint64_t{0}}), Errno::success);
  EXPECT_EQ(guest.write(fd, "x").error(), Errno::notcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, file.rights_base, uint64_t{0}}), Errno::notcapable);
  EXPECT_EQ(guest.call("fd_fdstat_get", {fd, kOutside - 23}), Errno::fault);
  EXPECT_EQ(guest.call("fd_fdstat_get", {99, kOut}), Errno::badf);
}

TEST(wasi_descriptor, rights_are_handed_on_and_never_grow) {
  Playground place;
  Playground::write(place.inside / "file", "text");
  Guest guest(place.config());
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {kDirectory, rights::path_open, kReadRights}), Errno::success);
  EXPECT_EQ(guest.open(kDirectory, "file", 0, kReadWrite, 0, true, 0).error(), Errno::notcapable);
  EXPECT_EQ(guest.open(kDirectory, "new", open_flags::kCreate, kReadRights, 0, true, 0).error(),
            Errno::notcapable);
  EXPECT_EQ(guest.open(kDirectory, "file", open_flags::kTruncate, kReadRights, 0, true, 0).error(),
            Errno::notcapable);
  EXPECT_EQ(Playground::read(place.inside / "file"), "text");
  EXPECT_TRUE(guest.open(kDirectory, "file", 0, kReadRights, 0, true, 0).ok());
  EXPECT_EQ(guest.on_path("path_unlink_file", kDirectory, "file"), Errno::notcapable);
}

TEST(wasi_descriptor, fd_fdstat_set_flags) {
  Playground place;
  Guest guest(place.config());
  const Fd fd = *guest.open(kDirectory, "file", open_flags::kCreate, kReadWrite);
  EXPECT_TRUE(guest.write(fd, "abc").ok());
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {fd, fd_flags::kAppend}), Errno::success);
  EXPECT_EQ(guest.call("fd_seek", {fd, int64_t{0}, 0, kOut}), Errno::success);
  EXPECT_TRUE(guest.write(fd, "def").ok());
  EXPECT_EQ(Playground::read(place.inside / "file"), "abcdef");
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {fd, fd_flags::kSync}), Errno::notsup);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {fd, 32}), Errno::inval);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Config config;
  config.input = Stdio::descriptor(ends[0]);
  Guest reader(config);
  EXPECT_EQ(reader.call("fd_fdstat_set_flags", {0, fd_flags::kNonblock}), Errno::success);
  EXPECT_EQ(reader.read(0, 1).error(), Errno::again);
  EXPECT_EQ(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0) << "the host's own flags are its own";
  close(ends[0]);
  close(ends[1]);
}

TEST(wasi_descriptor, fd_prestat_get_and_dir_name) {
  Playground place;
  Config config = place.config();
  config.directories[0].guest = "/data";
  Guest guest(config);
  EXPECT_EQ(guest.call("fd_prestat_get", {kDirectory, kOut}), Errno::success);
  EXPECT_EQ(guest.get<Prestat>(kOut).tag, 0u);
  EXPECT_EQ(guest.get<Prestat>(kOut).name_size, 5u);
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {kDirectory, 1000, 5}), Errno::success);
  EXPECT_EQ(guest.text(1000, 5), "/data");
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {kDirectory, 1000, 4}), Errno::nametoolong);
  EXPECT_EQ(guest.call("fd_prestat_get", {0, kOut}), Errno::badf);
  EXPECT_EQ(guest.call("fd_prestat_get", {4, kOut}), Errno::badf);
}

TEST(wasi_descriptor, fd_filestat_get_set_size_set_times) {
  Playground place;
  Guest guest(place.config());
  const Fd fd = *guest.open(kDirectory, "file", open_flags::kCreate, kReadWrite);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, uint64_t{1000}}), Errno::success);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, UINT64_MAX}), Errno::inval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, uint64_t{1'000'000'001}, uint64_t{2'000'000'002}, 5}),
            Errno::success);
  EXPECT_EQ(guest.call("fd_filestat_get", {fd, kOut}), Errno::success);
  const auto stat = guest.get<FileStat>(kOut);
  EXPECT_EQ(stat.size, 1000u);
  EXPECT_EQ(stat.type, FileType::regular_file);
  EXPECT_EQ(stat.links, 1u);
  EXPECT_EQ(stat.accessed, 1'000'000'001u);
  EXPECT_EQ(stat.modified, 2'000'000'002u);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, uint64_t{0}, uint64_t{0}, 3}), Errno::inval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, uint64_t{0}, uint64_t{0}, 16}), Errno::inval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, uint64_t{0}, uint64_t{0}, 10}), Errno::success);
  EXPECT_EQ(guest.call("fd_filestat_get", {fd, kOut}), Errno::success);
  EXPECT_GT(guest.get<FileStat>(kOut).modified, stat.modified);
  EXPECT_EQ(guest.call("fd_filestat_get", {99, kOut}), Errno::badf);
  EXPECT_EQ(guest.call("fd_filestat_get", {fd, kOutside - 63}), Errno::fault);
}

TEST(wasi_descriptor, fd_advise_fd_allocate_fd_sync_fd_datasync) {
  Playground place;
  Guest guest(place.config());
  const Fd fd = *guest.open(kDirectory, "file", open_flags::kCreate, kReadWrite);
  for (uint32_t advice = 0; advice < 6; ++advice)
    EXPECT_EQ(guest.call("fd_advise", {fd, uint64_t{0}, uint64_t{10}, advice}), Errno::success);
  EXPECT_EQ(guest.call("fd_advise", {fd, uint64_t{0}, uint64_t{10}, 6}), Errno::inval);
  EXPECT_EQ(guest.call("fd_advise", {fd, UINT64_MAX, uint64_t{10}, 0}), Errno::inval);
  EXPECT_EQ(guest.call("fd_advise", {0, uint64_t{0}, uint64_t{10}, 0}), Errno::spipe);
  const Errno allocated = guest.call("fd_allocate", {fd, uint64_t{100}, uint64_t{100}});
  EXPECT_TRUE(allocated == Errno::success || allocated == Errno::notsup) << to_string(allocated);
  EXPECT_EQ(guest.call("fd_allocate", {fd, uint64_t{0}, uint64_t{0}}), Errno::inval);
  EXPECT_EQ(guest.call("fd_allocate", {fd, UINT64_MAX, UINT64_MAX}), Errno::inval);
  EXPECT_EQ(guest.call("fd_sync", {fd}), Errno::success);
  EXPECT_EQ(guest.call("fd_datasync", {fd}), Errno::success);
  EXPECT_EQ(guest.call("fd_sync", {kDirectory}), Errno::success);
  EXPECT_EQ(guest.call("fd_sync", {99}), Errno::badf);
  EXPECT_EQ(guest.call("fd_datasync", {99}), Errno::badf);
}

/// All names, read with a buffer of `size` bytes.
std::multiset<std::string> list(Guest& guest, Fd fd, Size size) {
  std::multiset<std::string> names;
  uint64_t cookie = 0;
  for (int round = 0; round < 10'000; ++round) {
    EXPECT_EQ(guest.call("fd_readdir", {fd, Guest::kBuffer, size, cookie, kOut}), Errno::success);
    const Size used = guest.get<Size>(kOut);
    Size at = 0;
    while (used - at >= sizeof(DirectoryEntry)) {
      const auto entry = guest.get<DirectoryEntry>(Guest::kBuffer + at);
      if (used - at < sizeof entry + entry.name_size) break;
      EXPECT_NE(entry.inode, 0u) << "C libraries would ask for it";
      names.insert(guest.text(Guest::kBuffer + at + sizeof entry, entry.name_size));
      cookie = entry.next;
      at += sizeof entry + entry.name_size;
    }
    if (used < size) return names;
  }
  ADD_FAILURE() << "the listing does not end";
  return names;
}

TEST(wasi_descriptor, fd_readdir) {
  Playground place;
  std::multiset<std::string> wanted = {".", ".."};
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "file-" + std::to_string(i) + std::string(static_cast<size_t>(i % 50), 'x');
    Playground::write(place.inside / name, "");
    wanted.insert(name);
  }
  Guest guest(place.config());
  EXPECT_EQ(list(guest, kDirectory, 4096), wanted);
  EXPECT_EQ(list(guest, kDirectory, 100), wanted);
  EXPECT_EQ(list(guest, kDirectory, 100'000), wanted);
  EXPECT_EQ(guest.call("fd_readdir", {kDirectory, Guest::kBuffer, 0, uint64_t{0}, kOut}), Errno::success);
  EXPECT_EQ(guest.call("fd_readdir", {kDirectory, Guest::kBuffer, 100, UINT64_MAX, kOut}), Errno::inval);
  EXPECT_EQ(guest.call("fd_readdir", {0, Guest::kBuffer, 100, uint64_t{0}, kOut}), Errno::notdir);
  EXPECT_EQ(guest.call("fd_readdir", {kDirectory, kOutside - 99, 100, uint64_t{0}, kOut}), Errno::fault);
}

TEST(wasi_descriptor, sockets) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Playground place;
  sockaddr_storage storage{};
  storage.ss_family = AF_UNIX;
  const std::string path = place.root / "socket";
  path.copy(reinterpret_cast<char*>(&storage) + sizeof(sa_family_t), path.size());
  const auto size = static_cast<socklen_t>(sizeof(sa_family_t) + path.size() + 1);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&storage), size), 0);
  ASSERT_EQ(listen(listener, 4), 0);
  Config config;
  config.sockets = {listener};
  Guest guest(config);
  EXPECT_EQ(guest.call("sock_accept", {3, fd_flags::kNonblock | 1, kOut}), Errno::inval);
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&storage), size), 0);
  ASSERT_EQ(guest.call("sock_accept", {3, fd_flags::kNonblock, kOut}), Errno::success);
  const Fd peer = guest.get<Fd>(kOut);
  guest.put_value(Guest::kVectors, IoVector{Guest::kBuffer, 3});
  EXPECT_EQ(guest.call("sock_recv", {peer, Guest::kVectors, 1, 0, kOut, kOut + 8}), Errno::again);
  ASSERT_EQ(::send(client, "hello", 5, 0), 5);
  EXPECT_EQ(guest.call("sock_recv", {peer, Guest::kVectors, 1, 1, kOut, kOut + 8}), Errno::success);
  EXPECT_EQ(guest.text(Guest::kBuffer, 3), "hel");
  EXPECT_EQ(guest.call("sock_recv", {peer, Guest::kVectors, 1, 2, kOut, kOut + 8}), Errno::success);
  EXPECT_EQ(guest.text(Guest::kBuffer, 3), "hel") << "the first time it only peeked";
  EXPECT_EQ(*guest.read(peer, 10), "lo");
  guest.put(Guest::kBuffer, "answer");
  guest.put_value(Guest::kVectors, IoVector{Guest::kBuffer, 6});
  EXPECT_EQ(guest.call("sock_send", {peer, Guest::kVectors, 1, 0, kOut}), Errno::success);
  char answer[6];
  EXPECT_EQ(::recv(client, answer, 6, 0), 6);
  EXPECT_EQ(guest.call("sock_send", {peer, Guest::kVectors, 1, 1, kOut}), Errno::inval);
  EXPECT_EQ(guest.call("sock_shutdown", {peer, 0}), Errno::inval);
  EXPECT_EQ(guest.call("sock_shutdown", {peer, 2}), Errno::success);
  EXPECT_EQ(::recv(client, answer, 6, 0), 0);
  EXPECT_EQ(guest.write(peer, "x").error(), Errno::pipe);
  close(client);
  for (const char* name : {"sock_shutdown", "sock_accept"}) {
    const Errno error =
        std::string(name) == "sock_accept" ? guest.call(name, {0, 0, kOut}) : guest.call(name, {0, 1});
    EXPECT_EQ(error, Errno::notsock) << name;
  }
  Config wrong;
  wrong.sockets = {STDIN_FILENO};
  EXPECT_FALSE(Context::create(wrong).ok());
  close(listener);
}

TEST(wasi_descriptor, thread_close_while_another_reads) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Config config;
  config.input = Stdio::descriptor(ends[0]);
  Guest reader(config);
  Guest other(Result<std::shared_ptr<detail::State>>(reader.state));
  std::thread closer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(other.call("fd_close", {0}), Errno::success);
    ASSERT_EQ(::write(ends[1], "late", 4), 4);
  });
  EXPECT_EQ(*reader.read(0, 10), "late") << "it had begun before";
  closer.join();
  EXPECT_EQ(reader.read(0, 10).error(), Errno::badf);
  close(ends[0]);
  close(ends[1]);
}

TEST(wasi_descriptor, thread_hammer_on_one_table) {
  Playground place;
  Guest first(place.config());
  const auto work = [&](int seed) {
    Guest guest(Result<std::shared_ptr<detail::State>>(first.state));
    const std::string name = "file" + std::to_string(seed);
    for (int i = 0; i < 200; ++i) {
      const auto fd = guest.open(kDirectory, name, open_flags::kCreate, kReadWrite);
      ASSERT_TRUE(fd.ok());
      (void)guest.write(*fd, "x");
      (void)guest.call("fd_renumber", {*fd, static_cast<Fd>(4 + i % 3)});
      (void)guest.call("fd_close", {static_cast<Fd>(4 + i % 5)});
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work, i);
  for (std::thread& each : threads) each.join();
}

}  // namespace
}  // namespace heddle::wasi
