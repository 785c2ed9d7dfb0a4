// llm42/device.h, stream.h, buffer.h, weight.h, kv_cache.h
#include <cstddef>

#include "api/call.h"
#include "core/registry.h"
#include "core/validate.h"

using namespace llm42;

namespace {

// Sizes of the structs in the first release of this ABI version: a caller's may be as small.
constexpr uint32_t first_device_options = offsetof(llm42_device_options, memory_limit);
constexpr uint32_t first_device_info = offsetof(llm42_device_info, memory_limit);
constexpr uint32_t first_weight_params = offsetof(llm42_weight_params, groups);
constexpr uint32_t first_weight_info = offsetof(llm42_weight_info, groups);

}  // namespace

llm42_status llm42_device_create(const llm42_device_options* options, llm42_device** device) noexcept {
  return call(__func__, [&] {
    check_not_null("device", device);
    *device = nullptr;
    const llm42_device_options copy = read_params("options", options, first_device_options);
    validate(copy);
    *device = open_device(copy).release();
  });
}

void llm42_device_destroy(llm42_device* device) noexcept {
  delete device;
}

llm42_status llm42_device_run_int8(const llm42_device* device, int64_t rounds, int64_t* operations) noexcept {
  return call(__func__, [&] {
    check_not_null("device", device);
    check_range("rounds", rounds, 0, int64_t{1} << 32);
    check_not_null("operations", operations);
    const int64_t made = device->run_int8(rounds);
    if (made < 0) fail(LLM42_STATUS_UNSUPPORTED, "device has no such loop; the cpu backend has one");
    *operations = made;
  });
}

llm42_status llm42_device_get_info(const llm42_device* device, llm42_device_info* info) noexcept {
  return call(__func__, [&] {
    check_not_null("device", device);
    llm42_device_info filled{};
    device->get_info(filled);
    filled.calls = device->calls();
    write_info("info", info, filled, first_device_info);
  });
}

llm42_status llm42_stream_create(llm42_device* device, llm42_stream** stream) noexcept {
  return call(__func__, [&] {
    check_not_null("stream", stream);
    *stream = nullptr;
    check_not_null("device", device);
    *stream = device->create_stream().release();
  });
}

void llm42_stream_destroy(llm42_stream* stream) noexcept {
  delete stream;
}

llm42_status llm42_stream_synchronize(llm42_stream* stream) noexcept {
  return call(__func__, [&] {
    check_not_null("stream", stream);
    validate_not_recording(*stream, "a wait");
    stream->synchronize();
  });
}

llm42_status llm42_buffer_create(llm42_device* device, int64_t size, llm42_buffer** buffer) noexcept {
  return call(__func__, [&] {
    check_not_null("buffer", buffer);
    *buffer = nullptr;
    check_not_null("device", device);
    validate_buffer_size(size);
    *buffer = device->create_buffer(size).release();
  });
}

void llm42_buffer_destroy(llm42_buffer* buffer) noexcept {
  delete buffer;
}

llm42_status llm42_buffer_upload(llm42_stream* stream, llm42_buffer* buffer, int64_t offset,
                                 const void* source, int64_t size) noexcept {
  return call(__func__, [&] {
    check_not_null("stream", stream);
    validate_copy(*stream, buffer, offset, "source", source, size);
    validate_not_recording(*stream, "an upload");
    if (size == 0) return;
    stream->device->count_call();
    stream->upload(*buffer, offset, source, size);
  });
}

llm42_status llm42_buffer_download(llm42_stream* stream, const llm42_buffer* buffer, int64_t offset,
                                   void* destination, int64_t size) noexcept {
  return call(__func__, [&] {
    check_not_null("stream", stream);
    validate_copy(*stream, buffer, offset, "destination", destination, size);
    validate_not_recording(*stream, "a download");
    if (size == 0) return;
    stream->device->count_call();
    stream->download(*buffer, offset, destination, size);
  });
}

llm42_status llm42_weight_create(llm42_stream* stream, const llm42_weight_params* params,
                                 llm42_weight** weight) noexcept {
  return call(__func__, [&] {
    check_not_null("weight", weight);
    *weight = nullptr;
    check_not_null("stream", stream);
    llm42_weight_params copy = read_params("params", params, first_weight_params);
    validate(copy);
    validate_not_recording(*stream, "the packing of a weight");
    stream->device->count_call();
    *weight = stream->create_weight(copy).release();
  });
}

llm42_status llm42_weight_create_unfilled(llm42_stream* stream, const llm42_weight_info* shape,
                                          llm42_weight** weight) noexcept {
  return call(__func__, [&] {
    check_not_null("weight", weight);
    *weight = nullptr;
    check_not_null("stream", stream);
    llm42_weight_info copy = read_params("shape", shape);
    copy.data = nullptr;
    validate(copy);
    validate_not_recording(*stream, "the making of a weight");
    stream->device->count_call();
    *weight = stream->create_unfilled_weight(copy).release();
  });
}

void llm42_weight_destroy(llm42_weight* weight) noexcept {
  delete weight;
}

llm42_status llm42_weight_get_info(const llm42_weight* weight, llm42_weight_info* info) noexcept {
  return call(__func__, [&] {
    check_not_null("weight", weight);
    llm42_weight_info filled = weight->info;
    filled.data = weight->packed();
    write_info("info", info, filled, first_weight_info);
  });
}

llm42_status llm42_kv_cache_create(llm42_device* device, const llm42_kv_cache_params* params,
                                   llm42_kv_cache** cache) noexcept {
  return call(__func__, [&] {
    check_not_null("cache", cache);
    *cache = nullptr;
    check_not_null("device", device);
    llm42_kv_cache_params copy = read_params("params", params);
    validate(copy);
    *cache = device->create_kv_cache(copy).release();
  });
}

void llm42_kv_cache_destroy(llm42_kv_cache* cache) noexcept {
  delete cache;
}

llm42_status llm42_kv_cache_copy_page(llm42_stream* stream, llm42_kv_cache* cache, int32_t source,
                                      int32_t destination) noexcept {
  return call_recordable(__func__, stream, [&] {
    check_not_null("stream", stream);
    validate_copy_page(*stream, cache, source, destination);
    if (source == destination) return;
    stream->device->count_call();
    stream->copy_page(*cache, source, destination);
  });
}
