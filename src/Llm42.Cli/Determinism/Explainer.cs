using Llm42.Core.Observability;

namespace Llm42.Cli.Determinism;

/// <summary>
/// Runs the rows of a section again with hashes of the hidden states, alone and amid the same load, until a run parts
/// from the run alone or enough were seen.
/// </summary>
internal sealed class Explainer(InferenceEngine engine, LoadGenerator load, CheckOptions options, ICheckProgress progress)
{
    /// <summary>Most runs amid load that are looked at for a row.</summary>
    public const int MostRuns = 8;

    /// <summary>An explanation for each row.</summary>
    public async Task<IReadOnlyList<RowExplanation>> RunAsync(
        string section, IReadOnlyList<CheckRow> rows, CancellationToken cancellation)
    {
        progress.Begin($"{section}: hashes of the hidden states", rows.Count * (1 + Math.Min(MostRuns, options.Runs - 1)));
        var explanations = new List<RowExplanation>();
        foreach (CheckRow row in rows)
            explanations.Add(await ExplainAsync(row, cancellation).ConfigureAwait(false));
        return explanations;
    }

    private async Task<RowExplanation> ExplainAsync(CheckRow row, CancellationToken cancellation)
    {
        (LayerTrace alone, Parting? parting) = await RunAsync(row, 0, null, cancellation).ConfigureAwait(false);
        int runs = 1;
        foreach (int run in Candidates(row))
        {
            if (parting is not null)
                break;
            (_, parting) = await RunAsync(row, run, alone, cancellation).ConfigureAwait(false);
            runs++;
        }

        return new RowExplanation(row.IsDeterministic, row.Temperature, runs, alone, parting);
    }

    /// <summary>
    /// Runs amid load, those first whose answer was not that of the run alone. The load does not fall on a run the same
    /// way twice, so each of them may part elsewhere than before, or not at all.
    /// </summary>
    private static IEnumerable<int> Candidates(CheckRow row) => Enumerable.Range(1, row.Runs - 1)
        .OrderBy(run => row.Answers[run].Bits == row.Answers[0].Bits)
        .Take(MostRuns);

    private async Task<(LayerTrace Trace, Parting? Parting)> RunAsync(
        CheckRow row, int run, LayerTrace? alone, CancellationToken cancellation)
    {
        GenerationOptions request = options.RequestOf(row.IsDeterministic, row.Temperature) with { CaptureLayers = true };
        IReadOnlyList<Arrival> arrivals = load.Arrivals(run, request);
        (Answer answer, _) = await new EngineSubject(engine).RunAsync(run, arrivals, cancellation).ConfigureAwait(false);
        progress.Step();
        LayerTrace trace = answer.LayerTrace ?? throw new InvalidOperationException("the answer has no hashes of layers.");
        LayerDifference? place = alone?.FirstDifference(trace);
        // The answer is also that of the run alone in the table, so that looking is seen to change nothing.
        bool differs = answer.Bits != row.Answers[0].Bits;
        return (trace, place is null && !differs ? null : new Parting(run, arrivals.Count - 1, place, differs, options.PromptIds.Count));
    }
}
