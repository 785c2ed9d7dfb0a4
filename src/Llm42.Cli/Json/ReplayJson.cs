using Llm42.Receipts;

namespace Llm42.Cli.Json;

/// <summary>What `replay --json` writes.</summary>
internal sealed record ReplayJson(bool Identical, int Tokens, FirstDifferenceJson? FirstDifference, IReadOnlyList<string> Notes)
{
    public static ReplayJson Of(ReplayResult result) => new(
        result.IsIdentical,
        result.Tokens,
        result.Difference is { } difference
            ? new FirstDifferenceJson(difference.Index, difference.Expected, difference.Actual)
            : null,
        result.Notes);
}

/// <summary>The first place where the answers differ; an answer that has ended has no entry there.</summary>
internal sealed record FirstDifferenceJson(int Index, ReplayToken? Receipt, ReplayToken? Replay);
