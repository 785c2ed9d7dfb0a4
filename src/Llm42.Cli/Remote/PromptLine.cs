namespace Llm42.Cli.Remote;

/// <summary>A prompt of a file.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="MaxTokens">Most tokens of its answer; null where the file does not say.</param>
internal sealed record PromptLine(RemotePrompt Prompt, int? MaxTokens);
