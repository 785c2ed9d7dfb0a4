/**
 * @file device.h
 * Devices: a backend, its threads and its numerics.
 */
#ifndef LLM42_DEVICE_H
#define LLM42_DEVICE_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Instruction set of the CPU backend. The invariant bits are the same on all of them. */
typedef int32_t llm42_cpu_isa;
/** Values of ::llm42_cpu_isa. */
enum llm42_cpu_isa_value {
  /** The best that the processor has. */
  LLM42_CPU_ISA_AUTO = 0,
  /** Plain C++ that any x86-64 or other 64-bit processor runs. */
  LLM42_CPU_ISA_PORTABLE = 1,
  /** AVX2, FMA and F16C. */
  LLM42_CPU_ISA_AVX2 = 2,
  /**
   * AVX-512 F, BW, DQ and VL. Products of int8 also use VNNI and AMX where the processor has them. For AMX a
   * process needs leave of Linux, which the first device asks for, and a thread that computes with it has its
   * alternate signal stack, if it has one, replaced by a larger one until it ends.
   */
  LLM42_CPU_ISA_AVX512 = 3
};

/** Options of llm42_device_create(). */
typedef struct llm42_device_options {
  /** sizeof(llm42_device_options). */
  uint32_t struct_size;
  /** Which device of the backend, from 0. The cpu backend has only 0. */
  int32_t ordinal;
  /** cpu: threads to compute with, 1..1024; 0 = one per processor that this process may use. */
  int32_t threads;
  /**
   * cpu: the number of threads that *fast* numerics plan their splits of K and of KV for, 1..1024; 0 =
   * `threads`. Below 4 nothing is split and fast numerics equal invariant ones. Setting it to the core
   * count of another machine splits here as fast numerics would there. Invariant numerics ignore it.
   */
  int32_t planned_threads;
  /** cpu: instruction set to use. Asking for one that the processor lacks is ::LLM42_STATUS_UNSUPPORTED. */
  llm42_cpu_isa isa;
  /** Must be 0. */
  int32_t reserved;
  /**
   * Backend name, UTF-8: "cpu"; "cuda", which needs libllm42_cuda beside this library and an NVIDIA driver;
   * "cuda-emulated", the same backend on the host, for tests.
   */
  const char* backend;
  /**
   * Most bytes that buffers, weights, KV caches and workspaces of this device may hold together; 0 = no limit
   * but the machine's. What would exceed it is ::LLM42_STATUS_OUT_OF_MEMORY, whose message names the bytes
   * asked for, those held and the limit; the device stays usable.
   */
  int64_t memory_limit;
  /**
   * Fault injection for tests: the number of a call on a stream of this device, as
   * ::llm42_device_info::calls counts them, that does nothing but return ::LLM42_STATUS_INTERNAL; 0 = none.
   * The calls before and after it are not affected.
   */
  int64_t fail_call;
} llm42_device_options;

/** What llm42_device_get_info() reports. */
typedef struct llm42_device_info {
  /** sizeof(llm42_device_info), set by the caller. */
  uint32_t struct_size;
  /** Threads in use; 0 where the notion does not apply. */
  int32_t threads;
  /** Threads that fast numerics plan for; 0 where the notion does not apply. */
  int32_t planned_threads;
  /** Instruction set in use; never ::LLM42_CPU_ISA_AUTO on the cpu backend, 0 elsewhere. */
  llm42_cpu_isa isa;
  /** dtype of activations. */
  llm42_dtype activation_dtype;
  /** 1 if every operator gives the same bits under fast and under invariant numerics, else 0. */
  int32_t fast_is_invariant;
  /** Bytes of memory of the device; 0 if unknown. */
  int64_t memory_total;
  /** Bytes now held by buffers, weights, KV caches and workspaces of this device. */
  int64_t memory_allocated;
  /** Largest value that `memory_allocated` has had. */
  int64_t memory_peak;
  /** Backend name, zero-terminated. */
  char backend[16];
  /** Numerics profile: name and version of the invariant reduction trees, zero-terminated ("cpu-fma-1"). */
  char profile[32];
  /** Human-readable device name, zero-terminated UTF-8. */
  char name[128];
  /** ::llm42_device_options::memory_limit; 0 = none. */
  int64_t memory_limit;
  /**
   * Calls so far, over all streams of this device, that put work on one: operators, page copies, uploads,
   * downloads, packed weights, launches of graphs. An operator that is recorded into a graph counts when it
   * is recorded, and each launch counts once. Refused calls and those without rows or bytes are not counted.
   * The first is 1.
   */
  int64_t calls;
  /**
   * Bytes that may now be allocated: what the machine or the GPU has free, other processes considered, but
   * no more than `memory_limit` leaves. 0 if that is nothing, or unknown (cpu, elsewhere than on Linux).
   */
  int64_t memory_free;
  /** 1 if llm42_graph_begin() is supported, else 0. */
  int32_t supports_graphs;
  /** Always 0. */
  int32_t reserved;
} llm42_device_info;

/**
 * Opens a device.
 * @param options not NULL.
 * @param device receives the handle; NULL on failure.
 * Errors: ::LLM42_STATUS_INVALID_ARGUMENT for a value out of range or an unknown backend (the message lists
 * the known ones), ::LLM42_STATUS_DEVICE_UNAVAILABLE, ::LLM42_STATUS_UNSUPPORTED.
 */
LLM42_API llm42_status llm42_device_create(const llm42_device_options* options,
                                           llm42_device** device) LLM42_NOEXCEPT;

/** Closes a device. Everything made from it must have been destroyed before. */
LLM42_API void llm42_device_destroy(llm42_device* device) LLM42_NOEXCEPT;

/**
 * What the cores do at most, for benchmarks: `rounds` times as many products of int8 as fit into registers,
 * summed in 32-bit integers by the device's instruction set on the calling thread, which touches no memory.
 * @param device of the cpu backend; others are ::LLM42_STATUS_UNSUPPORTED. Any number of threads may call.
 * @param rounds 0..2^32.
 * @param operations receives the multiplications and additions that were made.
 */
LLM42_API llm42_status llm42_device_run_int8(const llm42_device* device, int64_t rounds,
                                             int64_t* operations) LLM42_NOEXCEPT;

/** Fills `info`. */
LLM42_API llm42_status llm42_device_get_info(const llm42_device* device,
                                             llm42_device_info* info) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
