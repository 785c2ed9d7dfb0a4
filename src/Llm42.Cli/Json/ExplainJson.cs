using Llm42.Cli.Determinism;

namespace Llm42.Cli.Json;

/// <summary>Where runs amid load part from the run alone: what `check --explain --json` adds.</summary>
internal sealed record ExplainJson(IReadOnlyList<ExplainSectionJson> Sections)
{
    public static ExplainJson Of(CheckReport report) => new(
        [.. report.Sections.Select(section => new ExplainSectionJson(
            section.Name, [.. section.Explanations.Select(ExplainRowJson.Of)]))]);
}

/// <summary>The rows of one engine.</summary>
internal sealed record ExplainSectionJson(string Name, IReadOnlyList<ExplainRowJson> Rows);

/// <summary>The runs of one mode: how much was compared, and the first difference that was found.</summary>
internal sealed record ExplainRowJson(
    bool IsDeterministic, float Temperature, int Runs, int Positions, long Hashes, PartingJson? FirstDifference)
{
    public static ExplainRowJson Of(RowExplanation row) => new(
        row.IsDeterministic, row.Temperature, row.Runs, row.Alone.Rows.Count, row.Alone.HashCount,
        row.Parting is { } parting ? PartingJson.Of(parting) : null);
}

/// <summary>
/// The first difference: position from 0, token of the answer from 1 (none in the prompt), and stage; only the run
/// where the hidden states agree and yet the answer differs.
/// </summary>
internal sealed record PartingJson(
    int Run, int Neighbours, int? Position, int? AnswerToken, string? Stage, bool AnswerDiffers)
{
    public static PartingJson Of(Parting parting) => new(
        parting.Run, parting.Neighbours, parting.Place?.Position, parting.AnswerToken, parting.Place?.Stage, parting.AnswerDiffers);
}
