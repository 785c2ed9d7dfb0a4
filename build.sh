#!/usr/bin/env bash
# Builds, tests and packs Llm42. `./build.sh` alone lists the verbs.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
artifacts="$root/artifacts"
native_build="$artifacts/native/build"
solution="$root/Llm42.sln"

# The SDK's own output: English, so that the test summary can be read; no greeting, no telemetry, no need of ICU.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}"

usage() {
  cat <<'TXT'
usage: ./build.sh VERB

  native [--cuda]     build the native library into artifacts/native; --cuda builds the CUDA backend as well
  restore             restore the NuGet packages
  generate [--check]  generate the C# bindings from the C headers; --check fails where the committed ones differ
  test [--soak MIN] [--sanitize]
                      build everything, the CUDA backend too, and run every test; the last line is
                      "N passed, N failed, N skipped";
                      with --soak, random schedules with fresh seeds go on for so many minutes;
                      with --sanitize, the native tests run again under the address and undefined behaviour
                      sanitizers, and again under the thread sanitizer
  demo                build, then run the demonstration on the embedded model
  bench OPERATOR      build, then measure linear, attention or logits of the native library
  bench determinism   build, then measure what determinism costs, by its share of the traffic and the way it is done
  bench serve         build, then measure what the server adds to its engine: start, latency of streams, throughput
  bench load          build, then measure how long a model takes to load, packed anew and out of the weight cache
  bench [ARGS]        build, then run the managed benchmarks; ARGS go to BenchmarkDotNet
  pack                build the NuGet packages into artifacts/packages
  publish             build the command as one file that needs no .NET, artifacts/publish/llm42
  clean               delete artifacts/
  help                print this

What only a machine with a GPU can show is built, tested and measured by tests/Llm42.Benchmarks/gpu.sh.

What a verb needs of g++, cmake, ninja, clang, GoogleTest and, in tests, Chromium and curl is installed
with apt where it is missing. nvcc 12.4 or later is looked for in CUDA_HOME, on the PATH and in /usr/local/cuda; where
it is missing, a private one is laid under XDG_CACHE_HOME (or ~/.cache), out of Debian's packages.
TXT
}

say() { printf '%s\n' "$*" >&2; }

die() {
  say "build.sh: $*"
  exit 1
}

need_dotnet() {
  command -v dotnet >/dev/null || die "the .NET SDK is missing: install .NET 10 or later (https://dot.net) and put dotnet on the PATH."
  local version
  version=$(cd -- "$root" && dotnet --version) || die "global.json asks for a .NET 10 SDK; see the message above."
  say "dotnet $version"
}

has_clang() {
  local candidate
  for candidate in clang clang-{20..14}; do
    if command -v "$candidate" >/dev/null; then return 0; fi
  done
  return 1
}

has_gtest() { [[ -e /usr/include/gtest/gtest.h || -e /usr/local/include/gtest/gtest.h ]]; }

has_chromium() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }

# need_tools TOOL...: installs the Debian packages of those tools that are not there.
need_tools() {
  local tool packages=()
  for tool in "$@"; do
    case $tool in
      g++) command -v g++ >/dev/null || packages+=(g++) ;;
      cmake) command -v cmake >/dev/null || packages+=(cmake) ;;
      ninja) command -v ninja >/dev/null || packages+=(ninja-build) ;;
      clang) has_clang || packages+=(clang) ;;
      gtest) has_gtest || packages+=(libgtest-dev) ;;
      chromium) has_chromium || packages+=(chromium) ;;
      curl) command -v curl >/dev/null || packages+=(curl) ;;
      *) die "need_tools: unknown tool $tool" ;;
    esac
  done
  if ((${#packages[@]} == 0)); then return; fi

  if ! command -v apt-get >/dev/null; then
    die "missing, and there is no apt-get to install them with (Debian's names): ${packages[*]}"
  fi
  local as_root=()
  if [[ $(id -u) != 0 ]]; then
    if ! { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; then
      say "build.sh: missing: ${packages[*]}. Run this as root, then repeat:"
      say "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${packages[*]}"
      exit 1
    fi
    as_root=(sudo -n)
  fi
  say "Installing with apt: ${packages[*]}"
  "${as_root[@]}" apt-get update -qq >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
}

# build_native [CMAKE_ARG...]
build_native() {
  need_tools g++ cmake ninja
  cmake -S "$root/native" -B "$native_build" -G Ninja -DCMAKE_BUILD_TYPE=Release "$@"
  cmake --build "$native_build"
}

# nvcc_version NVCC: its major and minor version as one number, 1204 for 12.4; 0 if it does not run.
nvcc_version() {
  local version
  version=$("$1" --version 2>/dev/null | sed -n 's/.*release \([0-9]*\)\.\([0-9]*\).*/\1 \2/p') || true
  if [[ -z $version ]]; then echo 0; else echo $((${version% *} * 100 + ${version#* })); fi
}

# find_nvcc: prints the path of an nvcc that is new enough, and lays one into the cache where there is none.
find_nvcc() {
  local candidate version cache="${XDG_CACHE_HOME:-${HOME:-$artifacts}/.cache}/llm42/cuda-12.4"
  for candidate in ${CUDA_HOME:+"$CUDA_HOME/bin/nvcc"} "$(command -v nvcc || true)" /usr/local/cuda/bin/nvcc "$cache/bin/nvcc"; do
    if [[ ! -x $candidate ]]; then continue; fi
    version=$(nvcc_version "$candidate")
    if ((version >= 1204)); then
      printf '%s\n' "$candidate"
      return
    fi
    say "$candidate is passed over: CUDA 12.4 or later is needed."
  done
  say "No nvcc 12.4 or later in CUDA_HOME, on the PATH or in /usr/local/cuda: laying a private one into $cache."
  "$root/cmake/fetch-cuda.sh" "$cache" >&2 || die "nvcc is missing: install CUDA 12.4 or later and set CUDA_HOME to its folder."
  printf '%s\n' "$cache/bin/nvcc"
}

generator() {
  need_tools clang
  dotnet run --project "$root/bindings/Llm42.Bindings.Generator" -c Release -- "$@"
}

build_managed() {
  dotnet build "${1:-$solution}" -c Release -v quiet
}

verb_native() {
  local arguments=() argument nvcc
  for argument in "$@"; do
    if [[ $argument == --cuda ]]; then
      nvcc=$(find_nvcc)
      say "nvcc: $nvcc"
      arguments+=(-DLLM42_CUDA=ON "-DCMAKE_CUDA_COMPILER=$nvcc")
    else
      arguments+=("$argument")
    fi
  done
  build_native ${arguments[@]+"${arguments[@]}"}
}

verb_restore() {
  need_dotnet
  dotnet restore "$solution"
}

verb_generate() {
  need_dotnet
  generator "$@"
}

# attribute NAME FILE: the number in NAME="..." of the first <testsuite> of a JUnit file.
attribute() { sed -n "s/.*[[:space:]]$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1; }

# summary NAME FILE: the number behind the last "NAME:" of the summary that `dotnet test` prints.
summary() { sed -n "s/^[[:space:]]*$1:[[:space:]]*\([0-9][0-9]*\)[[:space:]]*$/\1/p" "$2" | tail -n 1; }

# usage_error MESSAGE: ends with status 2, as for an unknown verb.
usage_error() {
  say "build.sh: $*"
  exit 2
}

# run_ctest BUILD NAME [CTEST_ARG...]: runs the tests of a native build and adds them to passed, failed and skipped.
run_ctest() {
  local junit="$results/$2.xml" status=0 total=0 here_failed=0 here_skipped=0
  ctest --test-dir "$1" "${@:3}" --output-on-failure --no-tests=error --output-junit "$junit" || status=$?
  if [[ -s $junit ]]; then
    total=$(attribute tests "$junit")
    here_failed=$(attribute failures "$junit")
    here_skipped=$(($(attribute skipped "$junit") + $(attribute disabled "$junit")))
  fi
  passed=$((passed + total - here_failed - here_skipped))
  # Whatever else makes ctest fail counts as one failed test.
  if ((status != 0 && here_failed == 0)); then here_failed=1; fi
  failed=$((failed + here_failed))
  skipped=$((skipped + here_skipped))
}

# run_sanitized SANITIZER: builds the native tests with it, and runs them.
run_sanitized() {
  local build="$artifacts/native/build-$1"
  if cmake -S "$root/native" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLLM42_BUILD_TESTS=ON \
    -DLLM42_SANITIZE="$1" -DCMAKE_LIBRARY_OUTPUT_DIRECTORY="$build/lib" &&
    cmake --build "$build" --target llm42_native_tests llm42_cuda_kernel_tests llm42_cuda_emulator_tests; then
    # A test per processor, each on one worker of the emulator.
    LLM42_EMULATOR_THREADS=1 run_ctest "$build" "native-$1" --parallel "$(nproc)" --label-regex sanitized
  else
    say "The tests with the $1 sanitizer were not built; see above."
    failed=$((failed + 1))
  fi
}

verb_test() {
  local sanitize=
  while (($# > 0)); do
    case $1 in
      --soak)
        [[ ${2:-} =~ ^[1-9][0-9]{0,4}$ ]] || usage_error "test --soak takes a whole number of minutes, 1..99999, not '${2:-}'."
        export LLM42_SOAK_MINUTES=$2
        shift 2
        ;;
      --sanitize)
        sanitize=yes
        shift
        ;;
      *) usage_error "test knows --soak MINUTES and --sanitize, not '$1'." ;;
    esac
  done
  need_dotnet
  need_tools g++ cmake ninja gtest clang chromium curl
  local results="$artifacts/test-results" passed=0 failed=0 skipped=0 status=0
  rm -rf -- "$results"
  mkdir -p -- "$results"

  # Without nvcc everything else is tested all the same; the tests that read what nvcc made tell that they did not run.
  local nvcc cuda=(-DLLM42_CUDA=OFF)
  if nvcc=$(find_nvcc); then
    say "nvcc: $nvcc"
    cuda=(-DLLM42_CUDA=ON "-DCMAKE_CUDA_COMPILER=$nvcc")
  fi
  build_native -DLLM42_BUILD_TESTS=ON "${cuda[@]}"
  run_ctest "$native_build" native --parallel "$(nproc)"
  if [[ -n $sanitize ]]; then
    run_sanitized address
    run_sanitized thread
  fi

  build_managed
  if "$artifacts/bin/Llm42.Bindings.Generator/release/Llm42.Bindings.Generator" --check; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
  local log="$results/dotnet.log" managed_failed soak_watcher=
  status=0
  if [[ -n ${LLM42_SOAK_MINUTES:-} ]]; then
    # The tests write their progress there, since `dotnet test` shows nothing of theirs while they run.
    : >"$results/soak.log"
    tail -f "$results/soak.log" >&2 &
    soak_watcher=$!
  fi
  # One test process at a time: each uses every processor, and two would only wait for each other.
  dotnet test --solution "$solution" -c Release --no-build --progress off --no-ansi \
    --max-parallel-test-modules 1 --results-directory "$results" 2>&1 | tee "$log" || status=$?
  if [[ -n $soak_watcher ]]; then kill "$soak_watcher" || true; fi
  managed_failed=$(summary failed "$log")
  local managed_passed managed_skipped
  managed_passed=$(summary succeeded "$log")
  managed_skipped=$(summary skipped "$log")
  passed=$((passed + ${managed_passed:-0}))
  skipped=$((skipped + ${managed_skipped:-0}))
  # A test process that crashes fails the run without a failed test in its count.
  if ((status != 0 && ${managed_failed:-0} == 0)); then managed_failed=1; fi
  failed=$((failed + ${managed_failed:-0}))

  printf '%s\n' "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0 && passed > 0))
}

verb_demo() {
  need_dotnet
  build_native >&2
  build_managed "$root/src/Llm42.Cli" >&2
  "$artifacts/bin/llm42" demo "$@"
}

verb_bench() {
  case ${1:-} in
    linear | attention | logits)
      build_native -DLLM42_BUILD_BENCHMARKS=ON
      "$native_build/benchmarks/llm42_benchmark" "$@"
      return
      ;;
  esac
  need_dotnet
  build_native
  cd -- "$root"
  dotnet run --project tests/Llm42.Benchmarks -c Release -- "$@"
}

verb_pack() {
  need_dotnet
  build_native
  build_managed
  dotnet pack "$solution" -c Release --no-build -o "$artifacts/packages"
}

verb_publish() {
  need_dotnet
  build_native
  # The host's own name for its system, such as linux-x64.
  local rid folder="$artifacts/publish"
  rid=$(dotnet --info | sed -n 's/^ *RID: *//p')
  rm -rf -- "$folder"
  dotnet publish "$root/src/Llm42.Cli" -c Release -r "$rid" --self-contained -p:PublishProfile=SingleFile -o "$folder/files"
  mv -- "$folder/files/Llm42.Cli" "$folder/llm42"
  # Symbols and documentation.
  rm -rf -- "$folder/files"
  say "$folder/llm42: $(stat -c %s "$folder/llm42") bytes"
}

verb_clean() { rm -rf -- "$artifacts"; }

verb=${1:-help}
if (($# > 0)); then shift; fi
case $verb in
  native | restore | generate | test | demo | bench | pack | publish | clean) "verb_$verb" "$@" ;;
  help | -h | --help) usage ;;
  *)
    say "build.sh: unknown verb '$verb'."
    usage >&2
    exit 2
    ;;
esac
