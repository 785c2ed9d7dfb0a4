using Llm42.Core.Requests;
using Llm42.Core.Scheduling;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>What is wanted behind one row.</summary>
/// <param name="Sampling">How to choose the token.</param>
/// <param name="KnownToken">The token that follows anyway, because the row is scored; null where it is chosen.</param>
/// <param name="Top">How many of the most likely tokens to report.</param>
/// <param name="Adjusted">The row's sequence where bias or penalties are in force for it; else null.</param>
/// <param name="AllowedTokens">The tokens to choose from, one bit each; null for all.</param>
internal readonly record struct RowRequest(
    SamplingRow Sampling, int? KnownToken, int Top, Sequence? Adjusted, uint[]? AllowedTokens = null)
{
    /// <summary>Of a row that only fills the shape.</summary>
    public static RowRequest Dummy { get; } = new(Sample(SamplingParameters.Greedy, 0), null, 0, null);

    /// <summary>Of a row of a segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="row">Its row.</param>
    /// <param name="step">How often the row has run before in the same plan.</param>
    public static RowRequest Of(BatchSegment segment, int row, int step)
    {
        var request = segment.Sequence.Request;
        var position = segment.FirstPosition + row + step + 1;
        if (segment.Kind == SegmentKind.Prefill && position < segment.Sequence.Tokens.Count)
        {
            return new RowRequest(
                Sample(SamplingParameters.Greedy, position), segment.Sequence.Tokens[position], request.TopLogprobs, null);
        }
        return new RowRequest(
            Sample(request.Sampling, position),
            null,
            request.TopLogprobs,
            segment.Sequence.HasAdjustments ? segment.Sequence : null,
            AllowedAt(segment.Sequence, position));
    }

    /// <summary>Behind a draft that its constraint does not allow anything may be chosen: the draft will be dropped, and the row with it.</summary>
    private static uint[]? AllowedAt(Sequence sequence, int position) =>
        sequence.ConstraintAt(position) is { IsEnd: false } constraint ? constraint.GetAllowedTokens() : null;

    private static SamplingRow Sample(SamplingParameters sampling, int position) => new()
    {
        Temperature = sampling.Temperature,
        TopP = sampling.TopP,
        MinP = sampling.MinP,
        TopK = sampling.TopK,
        Seed = sampling.Seed,
        Position = position,
    };
}
