using System.Globalization;
using Llm42.Cli.Output;

namespace Llm42.Cli.Determinism;

/// <summary>Rows of a check as a table.</summary>
internal static class CheckTable
{
    /// <summary>Writes the rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="unit">What answers are compared by, beside log-probabilities: "token ids".</param>
    /// <param name="ordinary">What a mode is called that is not deterministic.</param>
    /// <param name="writer">Takes the table.</param>
    public static void Write(IReadOnlyList<CheckRow> rows, string unit, string ordinary, TextWriter writer)
    {
        var table = new TextTable(
            writer, "mode", "temp.", "runs", $"distinct {unit}", "distinct outputs", "first mismatch", "rollbacks", "tokens rolled back", "tokens/s");
        foreach (CheckRow row in rows)
        {
            table.AddRow(
                row.IsDeterministic ? "deterministic" : ordinary,
                Text(row.Temperature),
                Text(row.Runs),
                Text(row.DistinctTokenIds),
                Text(row.DistinctOutputs),
                row.FirstMismatch is { } mismatch ? $"{mismatch.Position}{(mismatch.IsLogprob ? " (log-probability)" : "")}" : "-",
                Text(row.Rollbacks),
                Text(row.TokensRolledBack),
                row.TokensPerSecond.ToString("0", CultureInfo.InvariantCulture));
        }

        table.Write();
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
