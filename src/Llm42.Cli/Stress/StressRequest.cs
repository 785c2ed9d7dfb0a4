namespace Llm42.Cli.Stress;

/// <summary>Something to answer.</summary>
/// <param name="PromptIds">Its prompt.</param>
/// <param name="Options">How it is answered.</param>
internal sealed record StressRequest(IReadOnlyList<int> PromptIds, GenerationOptions Options)
{
    /// <summary>Positions that prompt and answer take at most.</summary>
    public int Positions => PromptIds.Count + Options.MaxTokens!.Value;
}
