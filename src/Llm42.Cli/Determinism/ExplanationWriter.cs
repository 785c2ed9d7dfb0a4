using System.Globalization;

namespace Llm42.Cli.Determinism;

/// <summary>Tells a person where answers part.</summary>
internal static class ExplanationWriter
{
    public static void Write(IReadOnlyList<CheckSection> sections, TextWriter writer)
    {
        writer.WriteLine();
        writer.WriteLine(
            "Where runs amid load part from the run alone, by hashes of each position's hidden state behind the embedding, "
            + "behind attention and MLP of each layer (from 0), and of its logits:");
        foreach (CheckSection section in sections)
        {
            writer.WriteLine($"  {section.Name}");
            foreach (RowExplanation row in section.Explanations)
                writer.WriteLine($"    {Mode(row)}, temperature {row.Temperature.ToString(CultureInfo.InvariantCulture)}: {Finding(row)}.");
        }
    }

    private static string Mode(RowExplanation row) => row.IsDeterministic ? "deterministic" : "fast";

    private static string Finding(RowExplanation row) => row.Parting is { } parting
        ? $"run {parting.Run}, beside {parting.Neighbours} neighbours: {parting.InWords}"
        : $"all {row.Alone.HashCount} hashes of all {row.Alone.Rows.Count} positions agree over {row.Runs} runs";
}
