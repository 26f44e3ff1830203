# SPDX-License-Identifier: Apache-2.0
# The stages of ./dev test: what each runs, what it counts, and the table at the end (sourced by dev).
# shellcheck shell=bash

stage_limit=${HEDDLE_STAGE_LIMIT:-2400} # Seconds; a stage that takes longer hangs.

# tally PASSED FAILED: adds to what the running stage has counted.
tally() { echo "$1 $2" >>"${HEDDLE_TALLY:-/dev/null}"; }

# ---------------------------------------------------------------------------------------------- the stages

stage_tree() {
  local check mode
  for check in layers style; do
    for mode in "" --self-test; do
      # shellcheck disable=SC2086 # No argument at all, not an empty one.
      if python3 "$root/tools/check_$check.py" $mode; then tally 1 0; else tally 0 1; fi
    done
  done
  ! grep -q ' 1$' "$HEDDLE_TALLY"
}

# in_place PRESET COMMAND...: runs it; under ThreadSanitizer without address space randomization, because clang 19's
# run time crashes at start in some of the layouts that Linux chooses.
in_place() {
  local preset=$1 place=()
  shift
  if [ "$preset" = tsan ] && setarch -R true 2>/dev/null; then place=(setarch -R); fi
  "${place[@]}" "$@"
}

# stage_unit PRESET CTEST-OPTIONS: builds the preset and runs its tests.
stage_unit() {
  local preset=$1 directory=$root/build/$1
  shift
  build "$preset"
  run_ctest "$directory" "$@"
}

run_ctest() {
  local directory=$1 status=0
  shift
  in_place "${directory##*/}" ctest --test-dir "$directory" --output-on-failure --no-tests=error -j "$(nproc)" "$@" || status=$?
  # A GoogleTest program counts as its tests, anything else as one.
  # shellcheck disable=SC2046 # Two numbers, two arguments.
  tally $(awk '
    /^\[  PASSED  \] [0-9]+ test/ { passed += $4; inner = 1 }
    /^\[  FAILED  \] [0-9]+ test.*listed below/ { failed += $4; inner = 1 }
    /^Test Passed\.$/ { if (!inner) passed++; inner = 0 }
    /^Test Failed\.$/ || /^Test timeout/ { if (!inner) failed++; inner = 0 }
    END { print passed + 0, failed + 0 }' "$directory/Testing/Temporary/LastTest.log")
  return $status
}

# expectations TIER SUITES: the file of known failures; an incomplete copy of the suites gets those that can come true.
expectations() {
  local all=$root/spec-tests/expectations/$1.txt present=$root/build/expectations-$1.txt entry rest file
  if ! incomplete_suites "$2"; then
    echo "$all"
    return
  fi
  while read -r entry rest; do
    file=$2/${entry%%:*}
    [ ! -f "$file" ] || echo "$entry $rest"
  done <"$all" >"$present"
  echo "$present"
}

# stage_suites PRESET "TIER OPTIONS..." FOLDER...: the official suites in one tier, every unexpected result a failure.
stage_suites() {
  local preset=$1 tier options folder paths=() report status=0 where table=()
  read -r tier options <<<"$2"
  shift 2
  where=$(suites)
  for folder in "$@"; do
    [ ! -d "$where/$folder" ] || paths+=("$where/$folder")
  done
  # The README's table is what the release gives on all suites.
  if [ "$preset $tier $options" = "release interp " ] && ! incomplete_suites "$where"; then table=(--check-table "$root/README.md"); fi
  report=$root/build/$preset/suites-$tier-$1.json
  mkdir -p "$root/build/$preset"
  rm -f "$report"
  build "$preset" bin/heddle
  # shellcheck disable=SC2086 # Options are words.
  in_place "$preset" "$root/build/$preset/bin/heddle" wast --tier "$tier" $options --jobs "$(nproc)" --report json --output "$report" \
    --expectations "$(expectations "$tier" "$where")" "${table[@]}" "${paths[@]}" || status=$?
  # shellcheck disable=SC2046 # Two numbers, two arguments.
  tally $(python3 "$root/tools/suite_summary.py" "$report" "$status")
  return $status
}

# stage_wasi_threads PRESET TIER REPEAT SEEDS: the suite of wasi-threads, with several numbers of workers and deterministically.
stage_wasi_threads() {
  local preset=$1 where status=0 log
  where=$(suites)/wasi-threads
  # An incomplete copy of the suites lacks it; ./dev says so at the start.
  compgen -G "$where/*.wat" >/dev/null || { say "left out: there is no suite of wasi-threads in $where"; return; }
  build "$preset" bin/heddle
  log=$root/build/$preset/wasi-threads-$2.log
  in_place "$preset" "$root/spec-tests/wasi-threads" --heddle "$root/build/$preset/bin/heddle" \
    --tier "$2" --repeat "$3" --seeds "$4" "$where" | tee "$log" || status=$?
  # shellcheck disable=SC2046 # Two numbers, two arguments.
  tally $(sed -n 's/^wasi-threads: .* \([0-9]*\) runs passed, \([0-9]*\) failed.*/\1 \2/p' "$log")
  return $status
}

stage_fuzz() {
  local target failed=0
  [ -n "$(fuzz_targets)" ] || { say "there is no fuzz target in fuzz/targets"; return 1; }
  for target in $(fuzz_targets); do
    build_fuzz "$target"
    if run_fuzz "$target" "$1" >"$root/build/fuzz/work-$target.log" 2>&1; then
      tally 1 0
      echo "fuzz $target: $(grep -o 'number_of_executed_units: *[0-9]*' "$root/build/fuzz/work-$target.log" |
        grep -o '[0-9]*$') runs, no finding"
    else
      tally 0 1
      tail -n 60 "$root/build/fuzz/work-$target.log"
      failed=1
    fi
  done
  # Schedules are no target of libFuzzer, and fast enough only in the release.
  build release bin/fuzz_schedules bin/heddle
  if "$root/build/release/bin/fuzz_schedules" "$1"; then tally 1 0; else tally 0 1; failed=1; fi
  return $failed
}

# The engine with jit/, wasi/ and threads/ left out, as a shared library, used by a stranger's project.
stage_engine_alone() {
  local directory=$root/build/engine-alone tests=OFF
  # While nothing is left out, the release's unit tests were these very tests.
  [ ! -d "$root/jit" ] && [ ! -d "$root/threads" ] || tests=ON
  (cd "$root" && cmake --preset release -B "$directory" -DBUILD_SHARED_LIBS=ON -DHEDDLE_ONLY_ENGINE=ON \
    -DHEDDLE_TOOLS=OFF -DHEDDLE_BENCH=OFF -DHEDDLE_TESTS=$tests >/dev/null)
  build engine-alone
  run_ctest "$directory"
}

# ---------------------------------------------------------------------------------------------- running them

rows=()
all_passed=0
all_failed=0

# stage TITLE FUNCTION ARGUMENTS: runs one stage in a process of its own, so that it can fail without ending the others.
run_stage() {
  local title=$1 started=$SECONDS status=0 passed failed verdict=passed limit=(timeout)
  shift
  export HEDDLE_TALLY=$root/build/tally
  : >"$HEDDLE_TALLY"
  printf '\n== %s  [%d:%02d so far]\n' "$title" $((started / 60)) $((started % 60))
  # In a terminal Ctrl-C must reach the stage; elsewhere what hangs below it must go with it.
  [ ! -t 0 ] || limit+=(--foreground)
  "${limit[@]}" "$stage_limit" bash "$root/dev" stage "$@" || status=$?
  read -r passed failed < <(awk '{ passed += $1; failed += $2 } END { print passed + 0, failed + 0 }' "$HEDDLE_TALLY")
  if [ $status != 0 ]; then
    verdict=FAILED
    # A stage that broke before it counted anything, a build for example, is one failure.
    [ "$failed" != 0 ] || failed=1
    [ $status != 124 ] || say "$title took longer than $stage_limit seconds"
  elif [ $((passed + failed)) = 0 ]; then
    passed=1
  fi
  all_passed=$((all_passed + passed))
  all_failed=$((all_failed + failed))
  rows+=("$(printf '%-52s %-7s %8d passed %6d failed %6d s' "$title" "$verdict" "$passed" "$failed" $((SECONDS - started)))")
}

# What ./dev runs in the stage's own process.
stage() {
  [[ "$(type -t "stage_${1:-}")" = function ]] || die "there is no stage '${1:-}'"
  "stage_$1" "${@:2}"
}

test_options() {
  quick=0
  with_suites=1
  local option
  for option in "$@"; do
    case $option in
      --quick) quick=1 ;;
      --without-suites) with_suites=0 ;;
      *) usage >&2; die "test knows no option '$option'" ;;
    esac
  done
}

suite_stage() { [ $with_suites = 0 ] || run_stage "$@"; }

run_tests() {
  local quick with_suites row
  test_options "$@"
  setup all
  mkdir -p "$root/build"
  SECONDS=0
  if [ "$with_suites" = 1 ]; then
    # Said once, before anything is built, rather than in every stage.
    HEDDLE_SUITES=$(suites) || exit 2
    export HEDDLE_SUITES
  fi

  run_stage "layers and style" tree
  run_stage "release: build and every test" unit release -LE layering
  suite_stage "release: suites" suites release interp spec threads
  suite_stage "release: suites, everything compiled" suites release jit spec threads
  suite_stage "release: suites, compiled when hot" suites release auto spec threads
  suite_stage "release: suites, compiled, with fuel" suites release "jit --fuel" spec threads
  suite_stage "release: wasi-threads" wasi_threads release interp 3 3
  suite_stage "release: wasi-threads, everything compiled" wasi_threads release jit 3 3
  suite_stage "release: wasi-threads, compiled when hot" wasi_threads release auto 3 0
  if [ $quick = 0 ]; then
    run_stage "GCC: build and unit tests" unit gcc -L 'unit|example'
    suite_stage "GCC: suites" suites gcc interp spec threads
    run_stage "ASan and UBSan: build and unit tests" unit asan-ubsan -L 'unit|example'
    suite_stage "ASan and UBSan: suites" suites asan-ubsan interp spec threads
    suite_stage "ASan and UBSan: suites, everything compiled" suites asan-ubsan jit spec threads
    run_stage "TSan: build and tests of threaded folders" unit tsan -L threads
    suite_stage "TSan: suites of threads" suites tsan interp threads
    run_stage "fuzz targets, 20 s each" fuzz 20
    run_stage "the engine alone, shared, installed, consumed" engine_alone
  fi

  printf '\n'
  for row in "${rows[@]}"; do printf '%s\n' "$row"; done
  [ $with_suites = 1 ] || say "the official suites were left out (--without-suites)"
  printf '%d passed, %d failed\n' "$all_passed" "$all_failed"
  [ "$all_failed" = 0 ]
}
