// Events: places in a stream's work.
#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "emulator/stream.h"

using namespace emu;

struct CUevent_st {
  bool is_timed = true;
  bool is_recorded = false;
  std::shared_ptr<CUstream_st> stream;  // of the last record; NULL for the null stream
  uint64_t number = 0;                  // the stream's work up to here
  std::shared_ptr<Capture> capture;     // where the record was captured
  std::shared_ptr<std::chrono::steady_clock::time_point> time;

  bool is_done() const { return stream == nullptr || stream->done >= number; }
  void run() const {
    if (stream != nullptr) stream->run_until(number);
  }
};

namespace {

std::vector<std::unique_ptr<CUevent_st>>& events() {
  static std::vector<std::unique_ptr<CUevent_st>> instance;
  return instance;
}

bool is_event(cudaEvent_t event) {
  return std::ranges::any_of(events(), [=](const auto& known) { return known.get() == event; });
}

}  // namespace

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  if (event == nullptr || flags > (cudaEventBlockingSync | cudaEventDisableTiming)) {
    return remember(cudaErrorInvalidValue);
  }
  const std::lock_guard lock(runtime_mutex());
  events().push_back(std::make_unique<CUevent_st>());
  events().back()->is_timed = (flags & cudaEventDisableTiming) == 0;
  *event = events().back().get();
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_event(event)) return remember(cudaErrorInvalidResourceHandle);
  std::erase_if(events(), [=](const auto& known) { return known.get() == event; });
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_event(event) || !is_stream(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (is_capturing(stream)) {
    event->capture = stream->capture;
    return cudaSuccess;
  }
  const auto time = std::make_shared<std::chrono::steady_clock::time_point>();
  const cudaError_t error = enqueue(stream, [time] { *time = std::chrono::steady_clock::now(); });
  if (error != cudaSuccess) return remember(error);
  event->capture = nullptr;
  event->time = time;
  event->is_recorded = true;
  event->stream = find_stream(stream);
  event->number = stream == nullptr ? 0 : stream->enqueued;
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_event(event)) return remember(cudaErrorInvalidResourceHandle);
  if (event->capture != nullptr) return remember(cudaErrorStreamCaptureUnsupported);
  if (const cudaError_t error = refuse_waiting(); error != cudaSuccess) return remember(error);
  event->run();
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_event(event)) return remember(cudaErrorInvalidResourceHandle);
  if (event->capture != nullptr) return remember(cudaErrorStreamCaptureUnsupported);
  if (const cudaError_t error = refuse_waiting(); error != cudaSuccess) return remember(error);
  if (event->is_done()) return cudaSuccess;
  event->stream->run_until(event->stream->done + 1);  // so that a loop that polls ends
  return cudaErrorNotReady;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  const std::lock_guard lock(runtime_mutex());
  if (milliseconds == nullptr) return remember(cudaErrorInvalidValue);
  if (!is_event(start) || !is_event(end)) return remember(cudaErrorInvalidResourceHandle);
  if (!start->is_recorded || !end->is_recorded || !start->is_timed || !end->is_timed) {
    return remember(cudaErrorInvalidResourceHandle);
  }
  if (!start->is_done() || !end->is_done()) return remember(cudaErrorNotReady);
  *milliseconds = std::chrono::duration<float, std::milli>(*end->time - *start->time).count();
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_event(event) || !is_stream(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (event->capture != nullptr) {
    if (stream == nullptr) return remember(cudaErrorStreamCaptureUnsupported);
    if (stream->capture == event->capture) return cudaSuccess;
    if (stream->capture != nullptr) return remember(refuse_capture(stream));
    stream->capture = event->capture;
    stream->capture->streams.push_back(stream);
    return cudaSuccess;
  }
  if (is_capturing(stream)) return remember(refuse_capture(stream));
  if (!event->is_recorded) return cudaSuccess;
  // What the event stands for now: it may be recorded again, or destroyed, before the work runs.
  return remember(enqueue(stream, [place = *event] { place.run(); }));
}
