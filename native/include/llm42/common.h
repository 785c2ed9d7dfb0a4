/**
 * @file common.h
 * Types, status codes and rules shared by every llm42 header.
 *
 * Rules of this ABI
 *  - Every fallible function returns an ::llm42_status and leaves, on failure, a message for the calling
 *    thread in llm42_error_message() that names the argument and its value. Nothing throws or aborts.
 *  - Parameter structs begin with `struct_size`, set by the caller to sizeof(the struct); they only ever grow
 *    at the end, and fields that a caller does not know of read as zero.
 *  - Objects come in create/destroy pairs; destroying NULL is legal and does nothing.
 *  - Operators enqueue work on a stream and do not wait for it; llm42_stream_synchronize() waits.
 *  - A device and everything made from it belong to one thread at a time. Different devices may be used from
 *    different threads at once.
 *  - "activation" stands for the dtype in ::llm42_device_info::activation_dtype (f32 on `cpu`).
 *  - Strides count elements, offsets count bytes. A stride of 0 means "dense".
 */
#ifndef LLM42_COMMON_H
#define LLM42_COMMON_H

#include <stdint.h>

#if defined(_WIN32)
#if defined(LLM42_BUILDING)
#define LLM42_API __declspec(dllexport)
#else
#define LLM42_API __declspec(dllimport)
#endif
#else
#define LLM42_API __attribute__((visibility("default")))
#endif

#if defined(__cplusplus)
#define LLM42_NOEXCEPT noexcept
extern "C" {
#else
#define LLM42_NOEXCEPT
#endif

/** Version of this ABI. It changes whenever a caller built against another version could misbehave. */
#define LLM42_ABI_VERSION 1

/** Outcome of a call. */
typedef int32_t llm42_status;
/** Values of ::llm42_status. */
enum llm42_status_value {
  /** The call did what it says. */
  LLM42_STATUS_OK = 0,
  /** An argument is out of its range; the message names it, its value and the range. */
  LLM42_STATUS_INVALID_ARGUMENT = 1,
  /** Memory could not be had; the message names the size. */
  LLM42_STATUS_OUT_OF_MEMORY = 2,
  /** The backend does not implement this combination; the message names it. */
  LLM42_STATUS_UNSUPPORTED = 3,
  /** The backend, its driver or its hardware is not there. */
  LLM42_STATUS_DEVICE_UNAVAILABLE = 4,
  /** A defect of llm42 itself. */
  LLM42_STATUS_INTERNAL = 5
};

/** Element type. */
typedef int32_t llm42_dtype;
/** Values of ::llm42_dtype. */
enum llm42_dtype_value {
  /** Not given: the documented default of the field applies. */
  LLM42_DTYPE_DEFAULT = 0,
  /** IEEE 754 binary32. */
  LLM42_DTYPE_F32 = 1,
  /** IEEE 754 binary16. */
  LLM42_DTYPE_F16 = 2,
  /** bfloat16: the upper half of a binary32. */
  LLM42_DTYPE_BF16 = 3,
  /** Signed 32-bit integer. */
  LLM42_DTYPE_I32 = 4,
  /** Signed 8-bit integer; as the format of a weight, one f32 scale per output feature goes with it. */
  LLM42_DTYPE_I8 = 5
};

/** What a kernel may let its reduction order depend on. */
typedef int32_t llm42_numerics;
/** Values of ::llm42_numerics. */
enum llm42_numerics_value {
  /** The reduction order may be chosen from the shape of the batch. */
  LLM42_NUMERICS_FAST = 0,
  /** Each output row depends, bit for bit, on that row's own inputs only. */
  LLM42_NUMERICS_INVARIANT = 1
};

typedef struct llm42_device llm42_device;
typedef struct llm42_stream llm42_stream;
typedef struct llm42_buffer llm42_buffer;
typedef struct llm42_weight llm42_weight;
typedef struct llm42_kv_cache llm42_kv_cache;
typedef struct llm42_graph llm42_graph;

/** A place inside a buffer. `buffer == NULL` means "absent" where a field is documented as optional. */
typedef struct llm42_view {
  /** The buffer, of the same device as the stream of the call. */
  llm42_buffer* buffer;
  /** Byte offset of the first element; a multiple of the element size. */
  int64_t offset;
} llm42_view;

/** @return ::LLM42_ABI_VERSION of the library that was loaded. */
LLM42_API int32_t llm42_abi_version(void) LLM42_NOEXCEPT;

/**
 * @return UTF-8 text about the last failed call of the calling thread, "" if there was none. Owned by the
 * library; valid until this thread's next llm42 call.
 */
LLM42_API const char* llm42_error_message(void) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
