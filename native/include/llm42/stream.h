/**
 * @file stream.h
 * Streams: work in the order in which it was enqueued.
 */
#ifndef LLM42_STREAM_H
#define LLM42_STREAM_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Makes a stream of `device`. The cpu backend runs each operator inside the call that enqueues it. */
LLM42_API llm42_status llm42_stream_create(llm42_device* device, llm42_stream** stream) LLM42_NOEXCEPT;

/** Waits for the work of a stream and destroys it. */
LLM42_API void llm42_stream_destroy(llm42_stream* stream) LLM42_NOEXCEPT;

/** Waits until everything enqueued on the stream is done; reports the first error of that work. */
LLM42_API llm42_status llm42_stream_synchronize(llm42_stream* stream) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
