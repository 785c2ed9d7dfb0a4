using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Llm42.Benchmarks.Determinism;
using Llm42.Testing;

namespace Llm42.Benchmarks.Load;

/// <summary>
/// `bench load`: how long a model takes to load and how much memory at most, each time in a process of its own. The file
/// is in the page cache, so that this is the work of loading and not the disk's.
/// </summary>
internal static class LoadBenchmark
{
    /// <summary>The verb under which this program loads a model for its parent.</summary>
    public const string ChildVerb = "load-one";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var model = new Option<string?>("--model") { Description = "Model directory; by default one is made whose weights mean nothing." };
        var mebibytes = new Option<int>("--mebibytes") { Description = "Weights of the model that is made.", DefaultValueFactory = _ => 256 };
        var isF32 = new Option<bool>("--f32") { Description = "Make it of f32 instead of bf16." };
        var repetitions = new Option<int>("--repetitions") { Description = "Loads.", DefaultValueFactory = _ => 7 };
        var command = new Command("load", "Time and peak memory of loading a model, as JSON.") { model, mebibytes, isF32, repetitions };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(model), (long)parsed.GetValue(mebibytes) << 20, parsed.GetValue(isF32), parsed.GetValue(repetitions), cancellation));
        return command;
    }

    /// <summary>Loads one model and says what that took; runs in a process of its own.</summary>
    public static async Task<int> LoadOneAsync(string model)
    {
        long start = Stopwatch.GetTimestamp();
        var options = new InferenceEngineOptions { MaxContext = 64, Engine = new() { MaxSequences = 1 } };
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(model, options).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(JsonSerializer.Serialize(new LoadFigure(
            seconds, PeakMemory.Of(Environment.ProcessId) ?? 0, engine.Model.WeightBytes, engine.Model.WeightDtype)));
        return 0;
    }

    private static async Task<int> RunAsync(string? model, long bytes, bool isF32, int repetitions, CancellationToken cancellation)
    {
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("llm42-bench-");
        try
        {
            string tiny = scratch.CreateSubdirectory("tiny").FullName;
            SyntheticModel.Write(tiny, 0);
            if (model is null)
            {
                model = scratch.CreateSubdirectory("model").FullName;
                SyntheticModel.Write(model, bytes, isF32);
            }

            LoadFigure runtime = await InChildAsync(tiny, cancellation).ConfigureAwait(false);
            var figures = new List<LoadFigure>();
            for (int i = 0; i < repetitions; i++)
                figures.Add(await InChildAsync(model, cancellation).ConfigureAwait(false));
            LoadFigure first = figures[0];
            Spread seconds = Spread.Of(figures.Select(figure => figure.Seconds));
            long peak = figures.Max(figure => figure.PeakBytes);
            long runtimeBytes = runtime.PeakBytes - runtime.WeightBytes;
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    date = $"{DateTime.UtcNow:yyyy-MM-dd}",
                    repetitions,
                    first.WeightBytes,
                    first.WeightDtype,
                    peakBytes = peak,
                    runtimeBytes,
                    overWeights = (double)(peak - runtimeBytes) / first.WeightBytes,
                    seconds,
                    gigabytesPerSecond = first.WeightBytes / seconds.Median / 1e9,
                },
                Json));
            return 0;
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static async Task<LoadFigure> InChildAsync(string model, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [ChildVerb, model]) { RedirectStandardOutput = true };
        using Process child = Process.Start(start) ?? throw new InvalidOperationException("the child process did not start.");
        string output = await child.StandardOutput.ReadToEndAsync(cancellation).ConfigureAwait(false);
        await child.WaitForExitAsync(cancellation).ConfigureAwait(false);
        return child.ExitCode == 0
            ? JsonSerializer.Deserialize<LoadFigure>(output)!
            : throw new InvalidOperationException($"loading {model} ended with status {child.ExitCode}.");
    }
}
