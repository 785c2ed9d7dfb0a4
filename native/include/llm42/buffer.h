/**
 * @file buffer.h
 * Buffers: untyped device memory, and copies to and from the host.
 */
#ifndef LLM42_BUFFER_H
#define LLM42_BUFFER_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * Allocates `size` bytes (1..2^46), aligned to at least 64, filled with zero.
 * Errors: ::LLM42_STATUS_OUT_OF_MEMORY.
 */
LLM42_API llm42_status llm42_buffer_create(llm42_device* device, int64_t size,
                                           llm42_buffer** buffer) LLM42_NOEXCEPT;

/** Frees a buffer. Work that uses it must have been synchronised. */
LLM42_API void llm42_buffer_destroy(llm42_buffer* buffer) LLM42_NOEXCEPT;

/** Copies `size` bytes from the host into `buffer` at `offset`. `source` may be reused when the call returns.
 */
LLM42_API llm42_status llm42_buffer_upload(llm42_stream* stream, llm42_buffer* buffer, int64_t offset,
                                           const void* source, int64_t size) LLM42_NOEXCEPT;

/** Copies `size` bytes at `offset` to the host. `destination` holds them after llm42_stream_synchronize(). */
LLM42_API llm42_status llm42_buffer_download(llm42_stream* stream, const llm42_buffer* buffer, int64_t offset,
                                             void* destination, int64_t size) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
