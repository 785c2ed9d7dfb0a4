using Llm42.Cli.Remote;

namespace Llm42.Cli.Serving;

/// <summary>A request of a benchmark.</summary>
/// <param name="Number">Which of the selected ones it is, whatever the order.</param>
/// <param name="Prompt">What is asked.</param>
/// <param name="MaxTokens">Most tokens of the answer.</param>
/// <param name="IsDeterministic">Its class.</param>
internal sealed record PlannedRequest(int Number, RemotePrompt Prompt, int MaxTokens, bool IsDeterministic)
{
    /// <summary>When it is to be sent, from the start of the benchmark; of no meaning in a closed loop.</summary>
    public TimeSpan ArrivesAt { get; init; }
}
