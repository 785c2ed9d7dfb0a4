// llm42/graph.h
#include <utility>

#include "api/call.h"
#include "core/validate.h"

using namespace llm42;

llm42_status llm42_graph_begin(llm42_stream* stream) noexcept {
  return call(__func__, [&] {
    check_not_null("stream", stream);
    validate_not_recording(*stream, "a recording inside a recording");
    stream->begin_graph();
    stream->recording.emplace();
  });
}

llm42_status llm42_graph_end(llm42_stream* stream, llm42_graph** graph) noexcept {
  return call(__func__, [&] {
    check_not_null("graph", graph);
    *graph = nullptr;
    check_not_null("stream", stream);
    validate_end_graph(*stream);
    const Recording ended = *std::exchange(stream->recording, std::nullopt);
    if (ended.status() != LLM42_STATUS_OK) {
      stream->drop_graph();
      fail(static_cast<llm42_status_value>(ended.status()),
           "there is no graph, because an operator failed while the stream recorded: ", ended.failure());
    }
    *graph = stream->end_graph().release();
  });
}

llm42_status llm42_graph_launch(llm42_stream* stream, llm42_graph* graph) noexcept {
  return call(__func__, [&] {
    check_not_null("stream", stream);
    validate_launch(*stream, graph);
    stream->device->count_call();
    stream->launch(*graph);
  });
}

void llm42_graph_destroy(llm42_graph* graph) noexcept {
  delete graph;
}
