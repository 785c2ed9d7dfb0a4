// Streams: queues of work that wait until somebody waits for them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "emulator/runtime_api.h"

namespace emu {

using Work = std::function<void()>;

// What a capture has recorded, and who takes part: streams join by waiting for an event of it.
struct Capture {
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;  // that began it
  std::vector<Work> work;
  std::vector<CUstream_st*> streams;
  bool is_invalid = false;
};

// Guards all that the runtime API keeps; held while work runs.
std::recursive_mutex& runtime_mutex();

// On a capturing stream the work is recorded. On the null stream it runs at once, after all blocking streams.
cudaError_t enqueue(cudaStream_t stream, Work work);

// NULL for a handle that is no stream, and for the null stream.
std::shared_ptr<CUstream_st> find_stream(cudaStream_t stream);
bool is_stream(cudaStream_t stream);
bool is_capturing(cudaStream_t stream);
// Of a call that a capture does not allow: marks the capture as failed.
cudaError_t refuse_capture(cudaStream_t stream);
// Of a call that may wait, such as an allocation that is not in a stream's order, or the query of an event:
// what it would return because of captures under way, which are marked as failed.
cudaError_t refuse_waiting();
// Exchanges how the calling thread takes refuse_waiting().
void exchange_capture_mode(cudaStreamCaptureMode& mode);

// Runs what has been enqueued: all of it, or that of one stream.
void run_all();
void run_stream(cudaStream_t stream);

}  // namespace emu

struct CUstream_st {
  bool is_blocking = true;  // towards the null stream
  bool is_destroyed = false;
  std::deque<emu::Work> pending;
  uint64_t enqueued = 0, done = 0;
  std::shared_ptr<emu::Capture> capture;
  bool began_capture = false;

  // Until `done` has reached `number`.
  void run_until(uint64_t number);
};
