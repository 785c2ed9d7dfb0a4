namespace Llm42.ToolCalls;

/// <summary>What has become certain of a call: its name first, then its arguments piece by piece.</summary>
/// <param name="Index">Which call of the answer it is, from 0.</param>
/// <param name="Id">The call's id, with its name; null behind that.</param>
/// <param name="Name">The tool, where the call begins; null behind that.</param>
/// <param name="Arguments">What is added to the arguments; may be empty.</param>
/// <param name="IsLast">Nothing more comes of this call.</param>
public readonly record struct ToolCallDelta(int Index, string? Id, string? Name, string Arguments, bool IsLast);
