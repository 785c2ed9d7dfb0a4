using System.CommandLine;
using System.Text.Json;

namespace Llm42.Benchmarks.Determinism;

/// <summary>
/// `bench determinism`: what determinism costs by its share of the traffic and by the way it is done, and how long it
/// makes others wait. Needs an idle machine.
/// </summary>
internal static class DeterminismBenchmark
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create(string demoModel)
    {
        var model = new Option<string>("--model") { Description = "Model directory.", DefaultValueFactory = _ => demoModel };
        var repetitions = new Option<int>("--repetitions") { Description = "Repetitions of each figure.", DefaultValueFactory = _ => 15 };
        var plannedThreads = new Option<int>("--planned-threads")
        {
            Description = "Threads that fast numerics plan for; with few of them fast and invariant numerics coincide.",
            DefaultValueFactory = _ => 64,
        };
        var output = new Option<string?>("--output") { Description = "File for the figures as JSON." };
        var command = new Command("determinism", "What determinism costs, by share and way.") { model, repetitions, plannedThreads, output };
        command.SetAction(async (parsed, _) => await RunAsync(
            parsed.GetValue(model)!, parsed.GetValue(plannedThreads), parsed.GetValue(repetitions), parsed.GetValue(output)).ConfigureAwait(false));
        return command;
    }

    private static async Task RunAsync(string model, int plannedThreads, int repetitions, string? output)
    {
        ShareFigures shares = await ShareTable.MeasureAsync(model, plannedThreads, repetitions).ConfigureAwait(false);
        Console.WriteLine($"tokens/s, medians of {repetitions}; fast numerics planned for {plannedThreads} threads {(shares.FastIsInvariant ? "are" : "are not")} invariant");
        Console.WriteLine("deterministic      dvr  invariant       auto   auto/better (quartiles)");
        foreach (ShareRow row in shares.Rows)
        {
            Spread ratio = row.AutoOverBetter;
            Console.WriteLine(
                $"{row.SharePercent,12}% {row.Dvr.Median,8:0} {row.Invariant.Median,10:0} {row.Auto.Median,10:0}   {ratio.Median:0.000} ({ratio.LowerQuartile:0.000}-{ratio.UpperQuartile:0.000})");
        }

        IReadOnlyList<GapRow> gaps = await LongestGap.MeasureAsync(model, plannedThreads, repetitions).ConfigureAwait(false);
        Console.WriteLine("milliseconds between two tokens of an ordinary request: longest, mean");
        foreach (GapRow row in gaps)
            Console.WriteLine($"{row.Neighbours,-42} {row.LongestMilliseconds.Median,8:0.00} {row.MeanMilliseconds.Median,8:0.00}");
        if (output is not null)
        {
            await File.WriteAllTextAsync(output, JsonSerializer.Serialize(new { date = $"{DateTime.UtcNow:yyyy-MM-dd}", repetitions, shares, gaps }, Json) + "\n").ConfigureAwait(false);
        }
    }
}
