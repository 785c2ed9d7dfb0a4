using Llm42.Cli.Remote;

namespace Llm42.Cli.Serving;

/// <summary>Gives prompts.</summary>
internal interface IPromptSource
{
    /// <summary>So many prompts, each with the most tokens of its answer.</summary>
    IReadOnlyList<(RemotePrompt Prompt, int MaxTokens)> Select(int count, Random random);
}
