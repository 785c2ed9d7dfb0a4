using System.Globalization;
using Llm42.Cli.Options;
using Llm42.Cli.Output;

namespace Llm42.Cli.Determinism;

/// <summary>Tells a person what a check found.</summary>
internal static class CheckReportWriter
{
    public static void Write(CheckReport report, TextWriter writer)
    {
        CheckOptions options = report.Options;
        EngineDescription engine = report.Sections[0].Engine;
        writer.WriteLine(
            $"{report.Model.Architecture}, {report.Model.ParameterCount / 1e6:0.00} M parameters, {report.Model.WeightDtype}; "
            + $"{EngineWords.Hardware(engine)}; numerics profile {engine.NumericsProfile}");
        writer.WriteLine(
            $"One prompt of {options.PromptIds.Count} tokens, answered with {options.Tokens} tokens, {options.Runs} runs a row: "
            + $"the first alone, the others amid 1 to {options.Neighbours} neighbours; seed {options.Seed}.");
        foreach (CheckSection section in report.Sections)
            WriteSection(section, writer);
        if (report.Throughput.Count > 0)
            WriteThroughput(report, writer);
        if (report.Options.Explain)
            ExplanationWriter.Write(report.Sections, writer);

        writer.WriteLine();
        if (report.IsPass)
            writer.WriteLine("PASS: with determinism, one output (token ids and bits of log-probabilities) per temperature, whatever the load.");
        foreach (string failure in report.Failures)
            writer.WriteLine($"FAIL: {failure}.");
    }

    private static void WriteSection(CheckSection section, TextWriter writer)
    {
        EngineDescription engine = section.Engine;
        writer.WriteLine();
        writer.WriteLine($"{Capitalise(section.Name)} ({EngineWords.FastNumerics(engine)}, drafter {EngineWords.Name(engine.Drafter)})");
        if (engine.FastIsInvariant)
            writer.WriteLine(
                "Fast and invariant numerics coincide here: so few threads never split K or KV. "
                + "The answers agree without determinism too.");
        else if (section.Rows.Any(row => !row.IsDeterministic))
            writer.WriteLine("Fast numerics split K and KV by the shape of the batch here, so a log-probability may change with the load.");

        CheckTable.Write(section.Rows, "token ids", "fast", writer);
    }

    private static void WriteThroughput(CheckReport report, TextWriter writer)
    {
        writer.WriteLine();
        writer.WriteLine(
            $"Tokens/s on this machine, every request deterministic against none: medians of {report.Options.Repetitions} repetitions, measured in turns");
        var table = new TextTable(writer, "drafter", "requests", "fast", "deterministic", "ratio", "lowest", "highest");
        foreach (ThroughputFigure figure in report.Throughput)
        {
            table.AddRow(
                figure.Drafter,
                Text(figure.Concurrency),
                figure.FastMedian.ToString("0", CultureInfo.InvariantCulture),
                figure.DeterministicMedian.ToString("0", CultureInfo.InvariantCulture),
                figure.Ratio.ToString("0.000", CultureInfo.InvariantCulture),
                figure.Ratios.Min().ToString("0.000", CultureInfo.InvariantCulture),
                figure.Ratios.Max().ToString("0.000", CultureInfo.InvariantCulture));
        }

        table.Write();
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Capitalise(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
