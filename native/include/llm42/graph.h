/**
 * @file graph.h
 * Graphs: operators recorded once and launched again and again, at the cost of one call.
 *
 * A graph holds which operators ran, in which order, with the addresses of their buffers, weights and caches
 * and with their sizes and other numbers. What is *in* the buffers is read anew at every launch: the caller
 * uploads other token ids, positions, slots or block tables into the same buffers and launches again. A
 * launch gives the bits that the same calls would give.
 *
 * Buffers, weights and KV caches that a graph uses must outlive it; nothing checks that. The scratch memory
 * of its operators belongs to the graph (graphs of one stream share it where it fits) and counts in
 * ::llm42_device_info::memory_allocated.
 *
 * ::llm42_device_info::supports_graphs says whether a backend has graphs.
 */
#ifndef LLM42_GRAPH_H
#define LLM42_GRAPH_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * Begins to record: until llm42_graph_end(), operators and page copies on this stream are recorded and not
 * run.
 *
 * While a stream records, it refuses what cannot be recorded with ::LLM42_STATUS_INVALID_ARGUMENT: uploads,
 * downloads, llm42_stream_synchronize(), llm42_weight_create(), a second llm42_graph_begin() and
 * llm42_graph_launch(). Such a call does nothing, and the recording goes on. Other streams are not affected.
 * Destroying the stream drops the recording.
 *
 * Errors: ::LLM42_STATUS_UNSUPPORTED where the backend has no graphs.
 */
LLM42_API llm42_status llm42_graph_begin(llm42_stream* stream) LLM42_NOEXCEPT;

/**
 * Ends the recording, whether it succeeds or not, and makes a graph of it. To be called on the thread that
 * called llm42_graph_begin(); on another one it is refused, and the recording goes on.
 * @param stream not NULL.
 * @param graph receives the handle; NULL on failure.
 * Errors: ::LLM42_STATUS_INVALID_ARGUMENT if the stream does not record. If an operator failed while
 * recording, the status of the first that did, and a message that holds its message: a graph without it would
 * be silently wrong. The stream is usable afterwards.
 */
LLM42_API llm42_status llm42_graph_end(llm42_stream* stream, llm42_graph** graph) LLM42_NOEXCEPT;

/**
 * Enqueues the work of a graph, in stream order, and does not wait for it. Errors that its kernels find are
 * told by llm42_stream_synchronize(), as those of operators.
 * @param stream not recording.
 * @param graph of this stream: another stream, even of the same device, is refused, because graphs of one
 * stream share scratch memory.
 */
LLM42_API llm42_status llm42_graph_launch(llm42_stream* stream, llm42_graph* graph) LLM42_NOEXCEPT;

/** Frees a graph, before or after its stream. Its launches must have been synchronised. */
LLM42_API void llm42_graph_destroy(llm42_graph* graph) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
