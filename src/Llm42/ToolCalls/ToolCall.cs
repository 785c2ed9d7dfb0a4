namespace Llm42.ToolCalls;

/// <summary>A tool that an answer calls.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">The arguments: the text of a JSON object.</param>
public sealed record ToolCall(string Name, string Arguments);
