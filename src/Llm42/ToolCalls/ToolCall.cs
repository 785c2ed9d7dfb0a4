namespace Llm42.ToolCalls;

/// <summary>A tool that an answer calls.</summary>
/// <param name="Id">
/// What the call is named by in the next turn. No other call of the conversation has it, and it comes again with the request.
/// </param>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">
/// The arguments: the text of a JSON object. Without a format that binds the answer the model may have written something
/// else, and an answer that max_tokens ends may hold their beginning only.
/// </param>
public sealed record ToolCall(string Id, string Name, string Arguments);
