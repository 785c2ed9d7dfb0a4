namespace Llm42;

/// <summary>How many tokens a request took.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CompletionTokens">Tokens of the answer.</param>
/// <param name="CachedTokens">Prompt tokens whose keys and values were found in the prefix cache.</param>
public sealed record TokenUsage(int PromptTokens, int CompletionTokens, int CachedTokens);
