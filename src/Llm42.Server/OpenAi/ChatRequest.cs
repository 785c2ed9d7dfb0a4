using Llm42.Server.Fields;
using Llm42.ToolCalls;

namespace Llm42.Server.OpenAi;

/// <summary>What a client of /v1/chat/completions asks for.</summary>
/// <param name="Prompt">The rendered prompt.</param>
/// <param name="Options">How it is to be answered.</param>
/// <param name="HasLogprobs">The response tells the tokens' log-probabilities.</param>
/// <param name="Tools">What the answer may do with tools.</param>
/// <param name="CallFormat">How the model writes calls; None where it may not call.</param>
/// <param name="Stream">How the response is streamed; null for one piece.</param>
/// <param name="Id">What the response is called.</param>
internal sealed record ChatRequest(
    int[] Prompt,
    GenerationOptions Options,
    bool HasLogprobs,
    ToolUse Tools,
    ToolCallFormat CallFormat,
    StreamOptions? Stream,
    string Id);
