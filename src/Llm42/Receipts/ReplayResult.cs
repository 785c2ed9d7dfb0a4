namespace Llm42.Receipts;

/// <summary>What came of running a receipt again.</summary>
/// <param name="Difference">The first place where another answer came; null if the answer is identical, bit for bit.</param>
/// <param name="Tokens">Tokens that were compared and equal.</param>
/// <param name="Notes">What is different here and must not matter, in words.</param>
public sealed record ReplayResult(ReplayDifference? Difference, int Tokens, IReadOnlyList<string> Notes)
{
    /// <summary>Every token and every bit of its log-probability is the same.</summary>
    public bool IsIdentical => Difference is null;
}
