#!/usr/bin/env bash
# Everything that a machine with a GPU is needed for, in one call there.
#
#   gpu.sh pack [ARCHIVE]          on a machine with the .NET SDK: the command, the tests and the .NET runtime in one
#                                  archive (default artifacts/gpu/llm42-gpu.tar.xz)
#   gpu.sh run [ARCHIVE] [FOLDER]  on the machine with the GPU, in a working tree, without an SDK or a network: builds
#                                  the native libraries with its nvcc, tests, checks, measures; results go to FOLDER
#                                  (default $OUT, or artifacts/gpu/results); what is not done after
#                                  LLM42_GPU_SECONDS (default 580) is ended
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
bin="$root/artifacts/bin"
most_bytes=$((64 << 20))
most_seconds=${LLM42_GPU_SECONDS:-580}

say() { printf '%s\n' "$*" >&2; }

die() {
  say "gpu.sh: $*"
  exit 1
}

verb_pack() {
  local archive=${1:-$root/artifacts/gpu/llm42-gpu.tar.xz} project runtime dotnet version projects=(Llm42.Cli) folders=()
  command -v dotnet >/dev/null || die "pack needs the .NET 10 SDK on the PATH."
  for project in Llm42.Native.Tests Llm42.Gpu.Tests; do
    if [[ -d $root/tests/$project ]]; then projects+=("$project"); fi
  done
  for project in "${projects[@]}"; do
    local folder=tests
    if [[ $project == Llm42.Cli ]]; then folder=src; fi
    dotnet build "$root/$folder/$project" -c Release -v quiet >&2
    folders+=("$project/release")
  done

  # One runtime for all of them: the SDK's own, which is what they were built with.
  runtime=$(dotnet --list-runtimes | awk '$1 == "Microsoft.NETCore.App" && $2 ~ /^10\./ {version = $2; $1 = $2 = ""; path = $0} END {gsub(/^ *\[|\]$/, "", path); print path "/" version}')
  [[ -d $runtime ]] || die "dotnet --list-runtimes names no Microsoft.NETCore.App 10."
  version=${runtime##*/}
  dotnet=$(cd -- "$runtime/../../.." && pwd)
  mkdir -p -- "$(dirname -- "$archive")"
  # Native libraries are built on the other machine; debug symbols and documentation are of no use there.
  tar -C "$bin" -cf "$archive.tar" --exclude='*.so' --exclude='*.pdb' --exclude='*.xml' "${folders[@]}"
  # The test platform and the command have no native parts of their own, the runtime has: it is packed whole.
  tar -C "$dotnet" -rf "$archive.tar" --transform='s,^,dotnet/,' \
    "shared/Microsoft.NETCore.App/$version" "host/fxr/$version"
  xz -T0 -3 <"$archive.tar" >"$archive"
  rm -- "$archive.tar"
  local bytes
  bytes=$(stat -c %s "$archive")
  ((bytes < most_bytes)) || die "$archive has $bytes bytes; $most_bytes is the most."
  say "$archive: $bytes bytes"
}

# step NAME SECONDS COMMAND...: runs it no longer than that and than there is time left, its output into NAME.log, and
# notes in the summary how it ended; status 124 says that the time was up.
step() {
  local name=$1 limit=$2 status=0 begin=$SECONDS left=$((most_seconds - SECONDS))
  shift 2
  if ((left < limit)); then limit=$((left > 1 ? left : 1)); fi
  timeout -k 5 "$limit" "$@" >"$results/$name.log" 2>&1 || status=$?
  printf '%-28s %-12s %4d s\n' "$name" "$([[ $status == 0 ]] && echo ok || echo "status $status")" $((SECONDS - begin)) |
    tee -a "$results/summary.txt"
  if ((status != 0)); then
    failed=1
    tail -n 20 "$results/$name.log" >&2
  fi
}

# sanitize TOOL NAME MODEL OPERATORS: runs operators on 8 rows of a model's shapes under a tool of compute-sanitizer.
sanitize() {
  step "$1.$2" 60 compute-sanitizer --tool "$1" --error-exitcode 9 \
    "$bin/Llm42.Cli/release/Llm42.Cli" bench kernels --device cuda --models "$3" --operators "$4" --rows 8 \
    --seconds 0.001 --peer none
}

verb_run() {
  local archive=${1:-$root/artifacts/gpu/llm42-gpu.tar.xz} folder project
  results=${2:-${OUT:-$root/artifacts/gpu/results}}
  failed=0
  command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q '^GPU' ||
    die "run needs an NVIDIA GPU: nvidia-smi shows none on this machine."
  [[ -f $archive ]] || die "$archive is not there: make it with 'gpu.sh pack' and bring it along."
  mkdir -p -- "$results" "$bin"
  : >"$results/summary.txt"
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | tee -a "$results/summary.txt"

  tar -C "$bin" -xJf "$archive"
  export DOTNET_ROOT="$bin/dotnet" LLM42_NATIVE_PATH="$root/artifacts/native" LLM42_REQUIRE_GPU=1
  export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

  step native 240 "$root/build.sh" native --cuda -DLLM42_BUILD_TESTS=OFF
  ((failed == 0)) || die "the native build failed; see $results/native.log."
  for project in Llm42.Native.Tests Llm42.Gpu.Tests; do
    folder="$bin/$project/release"
    if [[ -d $folder ]]; then step "$project" 120 "$folder/$project" --filter TestCategory=Gpu --no-ansi --progress off; fi
  done

  step bench.kernels 360 "$bin/Llm42.Cli/release/Llm42.Cli" bench kernels --device cuda --output "$results/kernels.json"

  # Last, because it takes what time there is; on a few shapes of every operator, since a kernel runs many times slower.
  if command -v compute-sanitizer >/dev/null; then
    local tool
    for tool in memcheck racecheck; do
      sanitize "$tool" rows qwen3-0.6b linear.qkv,linear.gate_up,linear.o,rms_norm,rope_write_kv,sample,top_logprobs,copy_page
      sanitize "$tool" attention qwen3-0.6b attention.decode
      sanitize "$tool" experts mixtral-8x7b moe
    done
  else
    echo "compute-sanitizer is not on the PATH: memory and races were not checked." | tee -a "$results/summary.txt"
  fi
  say "results: $results"
  return "$failed"
}

case ${1:-} in
  pack | run) "verb_$1" "${@:2}" ;;
  *)
    sed -n '2,${/^#/!q;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
