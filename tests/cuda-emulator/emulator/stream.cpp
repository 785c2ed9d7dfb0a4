#include "emulator/stream.h"

#include <algorithm>
#include <utility>

namespace emu {

namespace {

// Destroyed streams stay until their work has run.
std::vector<std::shared_ptr<CUstream_st>>& streams() {
  static std::vector<std::shared_ptr<CUstream_st>> instance;
  return instance;
}

template <class Chosen>
void run_streams(Chosen chosen) {
  const auto all = streams();  // a copy: work may not call the runtime, but a host function might
  for (const auto& stream : all) {
    if (chosen(*stream)) stream->run_until(stream->enqueued);
  }
  std::erase_if(streams(), [](const auto& s) { return s->is_destroyed && s->pending.empty(); });
}

}  // namespace

std::recursive_mutex& runtime_mutex() {
  static std::recursive_mutex instance;
  return instance;
}

std::shared_ptr<CUstream_st> find_stream(cudaStream_t stream) {
  for (const auto& known : streams()) {
    if (known.get() == stream && !known->is_destroyed) return known;
  }
  return nullptr;
}

bool is_stream(cudaStream_t stream) {
  return stream == nullptr || find_stream(stream) != nullptr;
}

bool is_capturing(cudaStream_t stream) {
  return stream != nullptr && stream->capture != nullptr;
}

cudaError_t refuse_capture(cudaStream_t stream) {
  stream->capture->is_invalid = true;
  return cudaErrorStreamCaptureUnsupported;
}

namespace {

constinit thread_local cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;

}  // namespace

cudaError_t refuse_waiting() {
  if (capture_mode == cudaStreamCaptureModeRelaxed) return cudaSuccess;
  cudaError_t result = cudaSuccess;
  for (const auto& stream : streams()) {
    if (stream->capture == nullptr || stream->capture->mode == cudaStreamCaptureModeRelaxed) continue;
    const bool is_own = stream->capture->thread == std::this_thread::get_id();
    const bool is_global =
        stream->capture->mode == cudaStreamCaptureModeGlobal && capture_mode == cudaStreamCaptureModeGlobal;
    if (is_own || is_global) result = refuse_capture(stream.get());
  }
  return result;
}

void exchange_capture_mode(cudaStreamCaptureMode& mode) {
  std::swap(capture_mode, mode);
}

cudaError_t enqueue(cudaStream_t stream, Work work) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_stream(stream)) return cudaErrorInvalidResourceHandle;
  if (stream == nullptr) {
    run_streams([](const CUstream_st& s) { return s.is_blocking; });
    work();
  } else if (stream->capture != nullptr) {
    if (stream->capture->is_invalid) return cudaErrorStreamCaptureInvalidated;
    stream->capture->work.push_back(std::move(work));
  } else {
    stream->pending.push_back(std::move(work));
    ++stream->enqueued;
  }
  return cudaSuccess;
}

void run_all() {
  run_streams([](const CUstream_st&) { return true; });
}

void run_stream(cudaStream_t stream) {
  if (stream == nullptr) {
    run_streams([](const CUstream_st& s) { return s.is_blocking; });
  } else {
    stream->run_until(stream->enqueued);
  }
}

namespace {

cudaError_t create(cudaStream_t* stream, unsigned flags) {
  if (stream == nullptr || flags > cudaStreamNonBlocking) return cudaErrorInvalidValue;
  const std::lock_guard lock(runtime_mutex());
  streams().push_back(std::make_shared<CUstream_st>());
  streams().back()->is_blocking = flags != cudaStreamNonBlocking;
  *stream = streams().back().get();
  return cudaSuccess;
}

}  // namespace

}  // namespace emu

using namespace emu;

void CUstream_st::run_until(uint64_t number) {
  while (done < number && !pending.empty()) {
    const Work work = std::move(pending.front());
    pending.pop_front();
    ++done;
    work();
  }
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return remember(create(stream, cudaStreamDefault));
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return remember(create(stream, flags));
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  return remember(create(stream, flags));
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  const auto known = find_stream(stream);
  if (known == nullptr) return remember(cudaErrorInvalidResourceHandle);
  known->is_destroyed = true;
  if (known->pending.empty()) std::erase(streams(), known);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_stream(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (is_capturing(stream)) return remember(refuse_capture(stream));
  if (const cudaError_t error = refuse_waiting(); error != cudaSuccess) return remember(error);
  run_stream(stream);
  return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_stream(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (is_capturing(stream)) return remember(refuse_capture(stream));
  if (const cudaError_t error = refuse_waiting(); error != cudaSuccess) return remember(error);
  if (stream == nullptr) {
    run_stream(stream);
    return cudaSuccess;
  }
  if (stream->pending.empty()) return cudaSuccess;
  stream->run_until(stream->done + 1);
  return cudaErrorNotReady;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  if (function == nullptr) return remember(cudaErrorInvalidValue);
  return remember(enqueue(stream, [=] { function(data); }));
}

cudaError_t cudaDeviceSynchronize() {
  const std::lock_guard lock(runtime_mutex());
  for (const auto& stream : streams()) {
    if (stream->capture != nullptr) return remember(refuse_capture(stream.get()));
  }
  run_all();
  return cudaSuccess;
}
