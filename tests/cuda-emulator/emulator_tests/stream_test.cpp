// Streams, events and graphs: work is deferred, in order, and a missing synchronisation shows.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "cuda/primitives/launch.h"

namespace llm42::cuda {
namespace {

__global__ void add(int* value, int amount) {
  if (threadIdx.x == 0) *value += amount;
}
__global__ void multiply(int* value, int factor) {
  if (threadIdx.x == 0) *value *= factor;
}
__global__ void move(int* to, const int* from) {
  if (threadIdx.x == 0) *to = *from;
}

class EmulatedStream : public testing::Test {
 protected:
  EmulatedStream() {
    EXPECT_EQ(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking), cudaSuccess);
    EXPECT_EQ(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking), cudaSuccess);
    EXPECT_EQ(cudaHostAlloc(&pinned, 64 * sizeof(int), cudaHostAllocDefault), cudaSuccess);
    EXPECT_EQ(cudaMalloc(&device, 64 * sizeof(int)), cudaSuccess);
    EXPECT_EQ(cudaMemset(device, 0, 64 * sizeof(int)), cudaSuccess);
    std::fill(pinned, pinned + 64, 0);
  }
  ~EmulatedStream() override {
    EXPECT_EQ(cudaStreamDestroy(first), cudaSuccess);
    EXPECT_EQ(cudaStreamDestroy(second), cudaSuccess);
    EXPECT_EQ(cudaFree(device), cudaSuccess);
    EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
    cudaGetLastError();
  }

  cudaError_t add_on(cudaStream_t stream, int amount) {
    return launch(add, 1, 32, 0, stream, device, amount);
  }
  cudaError_t download(cudaStream_t stream) {
    return cudaMemcpyAsync(pinned, device, sizeof(int), cudaMemcpyDeviceToHost, stream);
  }

  cudaStream_t first = nullptr, second = nullptr;
  int* pinned = nullptr;
  int* device = nullptr;
};

TEST_F(EmulatedStream, NothingIsThereBeforeTheSynchronisation) {
  ASSERT_EQ(add_on(first, 5), cudaSuccess);
  ASSERT_EQ(launch(multiply, 1, 32, 0, first, device, 3), cudaSuccess);
  ASSERT_EQ(download(first), cudaSuccess);
  EXPECT_EQ(*pinned, 0);
  EXPECT_EQ(cudaStreamSynchronize(second), cudaSuccess);
  EXPECT_EQ(*pinned, 0);
  EXPECT_EQ(cudaStreamSynchronize(first), cudaSuccess);
  EXPECT_EQ(*pinned, 15);
}

TEST_F(EmulatedStream, AQueryThatRepeatsEndsAndTellsTheTruth) {
  ASSERT_EQ(add_on(first, 5), cudaSuccess);
  ASSERT_EQ(download(first), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(first), cudaErrorNotReady);
  EXPECT_EQ(*pinned, 0);
  while (cudaStreamQuery(first) == cudaErrorNotReady) {
  }
  EXPECT_EQ(*pinned, 5);
}

TEST_F(EmulatedStream, PinnedMemoryIsReadLateAndPageableMemoryAtOnce) {
  int pageable = 7;
  *pinned = 7;
  ASSERT_EQ(cudaMemcpyAsync(device, pinned, 4, cudaMemcpyHostToDevice, first), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(device + 1, &pageable, 4, cudaMemcpyHostToDevice, first), cudaSuccess);
  *pinned = pageable = 8;  // too early for the first
  int back[2] = {};
  ASSERT_EQ(cudaMemcpyAsync(back, device, 8, cudaMemcpyDeviceToHost, first), cudaSuccess);
  EXPECT_EQ(back[0], 8);  // to pageable memory: the call has waited
  EXPECT_EQ(back[1], 7);
}

TEST_F(EmulatedStream, AnEventOrdersStreams) {
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
  ASSERT_EQ(add_on(first, 5), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, first), cudaSuccess);
  ASSERT_EQ(add_on(first, 100), cudaSuccess);  // behind the event
  EXPECT_EQ(cudaEventQuery(event), cudaErrorNotReady);
  ASSERT_EQ(cudaStreamWaitEvent(second, event), cudaSuccess);
  ASSERT_EQ(download(second), cudaSuccess);
  ASSERT_EQ(cudaEventDestroy(event), cudaSuccess);  // the wait stays
  ASSERT_EQ(cudaStreamSynchronize(second), cudaSuccess);
  EXPECT_EQ(*pinned, 5);
}

TEST_F(EmulatedStream, WithoutTheEventTheOtherStreamDoesNotSeeTheWork) {
  ASSERT_EQ(add_on(first, 5), cudaSuccess);
  ASSERT_EQ(download(second), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(second), cudaSuccess);
  EXPECT_EQ(*pinned, 0);
}

TEST_F(EmulatedStream, WaitingForAnEventRunsWhatIsBeforeItOnly) {
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  ASSERT_EQ(add_on(first, 5), cudaSuccess);
  ASSERT_EQ(download(first), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, first), cudaSuccess);
  ASSERT_EQ(add_on(first, 5), cudaSuccess);
  ASSERT_EQ(download(first), cudaSuccess);
  ASSERT_EQ(cudaEventSynchronize(event), cudaSuccess);
  EXPECT_EQ(*pinned, 5);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(*pinned, 10);
  ASSERT_EQ(cudaEventDestroy(event), cudaSuccess);
}

TEST_F(EmulatedStream, TheNullStreamWaitsForBlockingStreams) {
  cudaStream_t blocking = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&blocking, cudaStreamDefault), cudaSuccess);
  ASSERT_EQ(add_on(blocking, 5), cudaSuccess);
  ASSERT_EQ(add_on(first, 100), cudaSuccess);
  ASSERT_EQ(download(nullptr), cudaSuccess);
  EXPECT_EQ(*pinned, 5);
  ASSERT_EQ(cudaStreamDestroy(blocking), cudaSuccess);
}

TEST_F(EmulatedStream, FreeingMemoryWaitsForEverything) {
  int* other = nullptr;
  ASSERT_EQ(cudaMalloc(&other, 4), cudaSuccess);
  ASSERT_EQ(add_on(first, 5), cudaSuccess);
  ASSERT_EQ(download(first), cudaSuccess);
  ASSERT_EQ(cudaFree(other), cudaSuccess);
  EXPECT_EQ(*pinned, 5);
}

TEST_F(EmulatedStream, MemoryOfAStreamIsFreedInItsOrder) {
  int* other = nullptr;
  ASSERT_EQ(cudaMallocAsync(&other, 4, first), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(other, 0, 4, first), cudaSuccess);
  ASSERT_EQ(launch(add, 1, 32, 0, first, other, 3), cudaSuccess);
  ASSERT_EQ(launch(move, 1, 32, 0, first, device, other), cudaSuccess);
  ASSERT_EQ(cudaFreeAsync(other, first), cudaSuccess);
  ASSERT_EQ(download(first), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(first), cudaSuccess);
  EXPECT_EQ(*pinned, 3);
}

TEST_F(EmulatedStream, WorkOfADestroyedStreamIsDone) {
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(add_on(stream, 5), cudaSuccess);
  ASSERT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  ASSERT_EQ(download(nullptr), cudaSuccess);
  EXPECT_EQ(*pinned, 5);
}

TEST_F(EmulatedStream, AGraphRepeatsWhatWasCaptured) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  ASSERT_EQ(add_on(first, 2), cudaSuccess);
  ASSERT_EQ(launch(multiply, 1, 32, 0, first, device, 3), cudaSuccess);
  ASSERT_EQ(download(first), cudaSuccess);
  ASSERT_EQ(cudaStreamEndCapture(first, &graph), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(first), cudaSuccess);
  EXPECT_EQ(*pinned, 0);  // captured, not run
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph), cudaSuccess);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  ASSERT_EQ(cudaGraphLaunch(executable, second), cudaSuccess);
  ASSERT_EQ(cudaGraphLaunch(executable, second), cudaSuccess);
  EXPECT_EQ(*pinned, 0);
  ASSERT_EQ(cudaStreamSynchronize(second), cudaSuccess);
  EXPECT_EQ(*pinned, (0 + 2) * 3 * 3 + 2 * 3);
  ASSERT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
  EXPECT_EQ(cudaGraphLaunch(executable, second), cudaErrorInvalidResourceHandle);
}

TEST_F(EmulatedStream, ACaptureFollowsEventsToOtherStreams) {
  cudaEvent_t fork = nullptr, join = nullptr;
  ASSERT_EQ(cudaEventCreate(&fork), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&join), cudaSuccess);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(fork, first), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(second, fork), cudaSuccess);
  ASSERT_EQ(add_on(second, 4), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(join, second), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(first, join), cudaSuccess);
  ASSERT_EQ(download(first), cudaSuccess);
  ASSERT_EQ(cudaStreamEndCapture(first, &graph), cudaSuccess);
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusActive;
  EXPECT_EQ(cudaStreamIsCapturing(second, &status), cudaSuccess);
  EXPECT_EQ(status, cudaStreamCaptureStatusNone);
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph), cudaSuccess);
  ASSERT_EQ(cudaGraphLaunch(executable, first), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(first), cudaSuccess);
  EXPECT_EQ(*pinned, 4);
  EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(fork), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(join), cudaSuccess);
}

TEST_F(EmulatedStream, WaitingWhileCapturingSpoilsTheCapture) {
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(first), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(add_on(first, 1), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(graph, nullptr);
  EXPECT_EQ(cudaGetLastError(), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(add_on(first, 1), cudaSuccess);
}

TEST_F(EmulatedStream, CallsThatMayWaitSpoilACaptureUnlessTheThreadIsRelaxed) {
  cudaGraph_t graph = nullptr;
  int* memory = nullptr;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
  ASSERT_EQ(cudaThreadExchangeStreamCaptureMode(&mode), cudaSuccess);
  EXPECT_EQ(mode, cudaStreamCaptureModeGlobal);
  ASSERT_EQ(cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&memory, 4), cudaSuccess);
  ASSERT_EQ(cudaThreadExchangeStreamCaptureMode(&mode), cudaSuccess);
  std::thread([&] { EXPECT_EQ(cudaFree(memory), cudaSuccess); }).join();  // not this thread's capture
  EXPECT_EQ(add_on(first, 1), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&memory, 4), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureInvalidated);

  ASSERT_EQ(cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal), cudaSuccess);
  std::thread([&] { EXPECT_EQ(cudaMalloc(&memory, 4), cudaErrorStreamCaptureUnsupported); }).join();
  EXPECT_EQ(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureInvalidated);
}

TEST_F(EmulatedStream, AnotherThreadDoesNotEndACapture) {
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  std::thread([&] {
    EXPECT_EQ(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureWrongThread);
  }).join();
  EXPECT_EQ(cudaStreamEndCapture(first, &graph), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}

TEST_F(EmulatedStream, ACopyOnFreedMemoryEndsTheProcess) {
  const auto run = [&](cudaStream_t freeing) {
    int* other = nullptr;
    cudaMallocAsync(&other, 4, first);
    cudaMemcpyAsync(other, pinned, 4, cudaMemcpyHostToDevice, first);
    cudaFreeAsync(other, freeing);
    cudaStreamSynchronize(freeing);
    cudaStreamSynchronize(first);
  };
  EXPECT_DEATH(run(second), "memory of a copy was freed before the copy ran");
  run(first);  // in order
}

}  // namespace
}  // namespace llm42::cuda
