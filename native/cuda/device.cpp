#include "cuda/device.h"

#include <cstring>

#include "core/error.h"
#include "cuda/buffer.h"
#include "cuda/error.h"
#include "cuda/kv_cache.h"
#include "cuda/relaxed_capture.h"
#include "cuda/stream.h"

namespace llm42::cuda {

namespace {

#if defined(LLM42_CUDA_RUNTIME)
constexpr char backend_name[] = "cuda";
constexpr char profile_name[] = "cuda-mma-bf16-1";
#else
// The same trees, but the emulated tensor cores add the products of a step in an order of their own: its bits
// are not a GPU's.
constexpr char backend_name[] = "cuda-emulated";
constexpr char profile_name[] = "cuda-mma-bf16-1-emulated";
#endif

// Ampere: mma.sync with bf16, cp.async.
constexpr int oldest_capability = 80;

template <class... Words>
[[noreturn]] void unavailable(const Words&... words) {
  fail(LLM42_STATUS_DEVICE_UNAVAILABLE, "backend \"", backend_name, "\": ", words...,
       ", or use backend \"cpu\"");
}

std::string version_text(int version) {
  return text(version / 1000, ".", version % 1000 / 10);
}

int count_devices() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaErrorInsufficientDriver) {
    int driver = 0;
    int runtime = 0;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    if (driver == 0) unavailable("no NVIDIA driver is loaded; install one for CUDA ", version_text(runtime));
    unavailable("the NVIDIA driver is for CUDA ", version_text(driver), ", older than ",
                version_text(runtime), "; update the driver");
  }
  if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0)) {
    unavailable(
        "the NVIDIA driver shows no GPU to this process; look at nvidia-smi and CUDA_VISIBLE_DEVICES");
  }
  if (error != cudaSuccess) {
    unavailable("the NVIDIA driver does not answer: ", cudaGetErrorString(error), " (",
                cudaGetErrorName(error), "); look at nvidia-smi");
  }
  return count;
}

int attribute(cudaDeviceAttr name, int ordinal) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, name, ordinal), "asking for an attribute of the device");
  return value;
}

// Checks that the device can run this backend, and makes it current.
int select(int ordinal) {
  const int count = count_devices();
  if (ordinal >= count) {
    fail_argument("options.ordinal is ", ordinal, "; backend \"", backend_name, "\" has the devices 0..",
                  count - 1);
  }
  const int major = attribute(cudaDevAttrComputeCapabilityMajor, ordinal);
  const int minor = attribute(cudaDevAttrComputeCapabilityMinor, ordinal);
  if (10 * major + minor < oldest_capability) {
    unavailable("device ", ordinal, " has compute capability ", major, ".", minor,
                ", and 8.0 is needed; choose another ordinal");
  }
  if (attribute(cudaDevAttrMemoryPoolsSupported, ordinal) == 0) {
    unavailable("device ", ordinal, " has no memory pools; update the driver");
  }
  check(cudaSetDevice(ordinal), "opening the device");
  return ordinal;
}

std::string device_name(int ordinal) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, ordinal), "asking for the device's name");
  return properties.name;
}

}  // namespace

std::unique_ptr<llm42_device> open_device(const llm42_device_options& options) {
  const RelaxedCapture relaxed;
  return std::make_unique<CudaDevice>(options);
}

CudaDevice::CudaDevice(const llm42_device_options& options)
    : llm42_device(options),
      ordinal_(select(options.ordinal)),
      multiprocessors_(attribute(cudaDevAttrMultiProcessorCount, ordinal_)),
      name_(device_name(ordinal_)),
      memory_(ordinal_, options.memory_limit) {}

void CudaDevice::activate() const {
  check(cudaSetDevice(ordinal_), "selecting the device");
}

void CudaDevice::get_info(llm42_device_info& info) const {
  info.activation_dtype = LLM42_DTYPE_BF16;
  const MemoryAccount& account = memory_.account();
  info.memory_total = account.total();
  info.memory_allocated = account.allocated();
  info.memory_peak = account.peak();
  info.memory_limit = account.limit();
  info.memory_free = memory_.available();
  info.supports_graphs = 1;
  std::strncpy(info.backend, backend_name, sizeof info.backend - 1);
  std::strncpy(info.profile, profile_name, sizeof info.profile - 1);
  std::strncpy(info.name, name_.c_str(), sizeof info.name - 1);
}

std::unique_ptr<llm42_stream> CudaDevice::create_stream() {
  const RelaxedCapture relaxed;
  activate();
  return std::make_unique<CudaStream>(*this);
}

std::unique_ptr<llm42_buffer> CudaDevice::create_buffer(int64_t size) {
  const RelaxedCapture relaxed;
  activate();
  return std::make_unique<CudaBuffer>(*this, size);
}

std::unique_ptr<llm42_kv_cache> CudaDevice::create_kv_cache(const llm42_kv_cache_params& params) {
  const RelaxedCapture relaxed;
  activate();
  return std::make_unique<CudaKvCache>(*this, params);
}

}  // namespace llm42::cuda
