// SPDX-License-Identifier: Apache-2.0
// LmdbStore: the store in a folder of this machine, shared by its processes, or in a temporary place.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "threads/store/lmdb_environment.h"
#include "threads/store/store.h"

namespace heddle::threads {

class LmdbStore final : public KeyValueStore {
 public:
  LmdbStore(std::shared_ptr<LmdbEnvironment> environment, std::shared_ptr<StoreHost> host, bool append_only);

  StoreResult<int64_t> clock_ms() override;
  std::string name() const override { return environment_->database().name(); }

 private:
  class Batch;
  StoreResult<std::optional<Entry>> do_get(std::string_view key) override;
  StoreResult<Version> do_version(std::string_view key) override;
  StoreResult<Applied> do_apply(std::span<const Change> changes) override;
  StoreResult<ScanResult> do_scan(std::string_view prefix, const ScanOptions& options) override;
  StoreResult<Version> do_find_change(std::string_view prefix, Version since) override;
  StoreResult<void> begin_watch() override { return environment_->begin_watch(); }
  void end_watch() noexcept override { environment_->end_watch(); }

  [[nodiscard]] LmdbDatabase& database() const noexcept { return environment_->database(); }

  const std::shared_ptr<LmdbEnvironment> environment_;
};

}  // namespace heddle::threads
