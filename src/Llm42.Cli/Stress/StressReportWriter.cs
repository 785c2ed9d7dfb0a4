using System.Globalization;
using Llm42.Cli.Options;
using Llm42.Cli.Output;

namespace Llm42.Cli.Stress;

/// <summary>Tells a person what a stress check found.</summary>
internal static class StressReportWriter
{
    public static void Write(StressReport report, TextWriter writer)
    {
        StressTotals totals = report.Totals;
        EngineDescription engine = report.Engine;
        writer.WriteLine(
            $"{report.Model.Architecture}, {report.Model.ParameterCount / 1e6:0.00} M parameters, {report.Model.WeightDtype}; "
            + $"{engine.Device}; numerics profile {engine.NumericsProfile}; seed {report.Options.Seed}");
        writer.WriteLine(
            $"Each answer is compared, token ids and bits of log-probabilities, with the one that an idle engine "
            + $"({engine.Threads} thread, {EngineWords.Name(engine.Isa)}, no drafts, no prefix cache) gives to the same request alone.");
        writer.WriteLine();
        WriteAnswers(report, writer);
        writer.WriteLine();
        WriteDimensions(totals, writer);
        writer.WriteLine();
        writer.WriteLine(
            $"{Text(totals.Tokens)} tokens compared, {Text(totals.RepeatedAnswers)} answers to a request that had come before, "
            + $"{Text(totals.CancelledAnswers)} cancelled ones compared as far as they came, amid {Text(totals.Neighbours)} ordinary requests; "
            + $"{report.Elapsed.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s.");
        WriteDifferences("", totals, writer);
        WriteDifferences("random model, ", report.ControlWithDeterminism, writer);

        writer.WriteLine();
        if (report.IsPass)
            writer.WriteLine(
                $"PASS: {Text(totals.Answers)} deterministic answers under {Text(totals.Configurations)} configurations, "
                + $"0 differ; without determinism {Text(report.Control.Differing)} of {Text(report.Control.Answers)} do.");
        foreach (string failure in report.Failures)
            writer.WriteLine($"FAIL: {failure}.");
    }

    private static void WriteAnswers(StressReport report, TextWriter writer)
    {
        var table = new TextTable(
            writer, "answers to", "configurations", "answers", "differing", "windows", "rollbacks", "of these forced", "tokens rolled back",
            "preemptions", "cached tokens");
        AddRow("the model, deterministic", report.Totals);
        AddRow("a random model, deterministic", report.ControlWithDeterminism);
        AddRow("a random model, fast (control)", report.Control);
        table.Write();

        void AddRow(string name, StressTotals totals) => table.AddRow(
            name, Text(totals.Configurations), Text(totals.Answers), Text(totals.Differing), Text(totals.VerificationWindows),
            Text(totals.Rollbacks), Text(totals.ForcedRollbacks), Text(totals.TokensRolledBack), Text(totals.Preemptions),
            Text(totals.CachedTokens));
    }

    /// <summary>The values of each dimension, and how many configurations had which.</summary>
    private static void WriteDimensions(StressTotals totals, TextWriter writer)
    {
        int width = totals.Dimensions.Keys.Max(name => name.Length);
        foreach ((string name, IReadOnlyDictionary<string, int> values) in totals.Dimensions)
            writer.WriteLine($"{name.PadRight(width)}  {string.Join(", ", values.Select(value => $"{value.Key} ({value.Value})"))}");
    }

    private static void WriteDifferences(string model, StressTotals totals, TextWriter writer)
    {
        foreach (StressDifference difference in totals.Differences)
        {
            writer.WriteLine();
            writer.WriteLine(
                $"{model}configuration {difference.Configuration.Number}, request {difference.Request}, repetition {difference.Repetition}, "
                + $"position {difference.Position}: {difference.Actual} instead of {difference.Expected}");
            writer.WriteLine($"  {string.Join(", ", difference.Configuration.Settings.Select(setting => $"{setting.Key} {setting.Value}"))}");
        }
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
