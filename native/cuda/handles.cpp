#include "cuda/handles.h"

#include "core/error.h"
#include "cuda/error.h"

namespace llm42::cuda {

StreamHandle make_stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
  return StreamHandle(stream);
}

EventHandle make_event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "making an event");
  return EventHandle(event);
}

PoolHandle make_pool(int device) {
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location.type = cudaMemLocationTypeDevice;
  properties.location.id = device;
  cudaMemPool_t pool = nullptr;
  check(cudaMemPoolCreate(&pool, &properties), "making a memory pool");
  return PoolHandle(pool);
}

PinnedMemory make_pinned(size_t size) {
  void* memory = nullptr;
  const cudaError_t error = cudaHostAlloc(&memory, size, cudaHostAllocDefault);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // not sticky: the next call shall not see it
    fail(LLM42_STATUS_OUT_OF_MEMORY, "page-locked host memory of ", size, " bytes: the system refused it");
  }
  check(error, "locking host memory");
  return PinnedMemory(static_cast<std::byte*>(memory));
}

}  // namespace llm42::cuda
