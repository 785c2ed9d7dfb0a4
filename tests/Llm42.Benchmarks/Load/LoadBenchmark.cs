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
        var format = new Option<string>("--weights") { Description = "How weights are multiplied: original or int8.", DefaultValueFactory = _ => "original" };
        var repetitions = new Option<int>("--repetitions") { Description = "Loads of each way.", DefaultValueFactory = _ => 7 };
        var command = new Command("load", "Time and peak memory of loading a model, packed anew and out of the weight cache by turns, as JSON.")
        {
            model, mebibytes, isF32, format, repetitions,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(model), (long)parsed.GetValue(mebibytes) << 20, parsed.GetValue(isF32), parsed.GetValue(format)!,
            parsed.GetValue(repetitions), cancellation));
        return command;
    }

    /// <summary>Loads one model and says what that took; runs in a process of its own.</summary>
    /// <param name="model">Its directory.</param>
    /// <param name="format">How weights are multiplied.</param>
    /// <param name="weightCache">Folder of packed weights; empty for none.</param>
    public static async Task<int> LoadOneAsync(string model, string format, string weightCache)
    {
        long start = Stopwatch.GetTimestamp();
        var options = new InferenceEngineOptions
        {
            MaxContext = 64, WeightFormat = format, WeightCache = weightCache.Length == 0 ? null : weightCache, Engine = new() { MaxSequences = 1 },
        };
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(model, options).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        EngineDescription description = engine.Engine;
        if (description.WeightCache?.Warning is { } warning)
            await Console.Error.WriteLineAsync(warning).ConfigureAwait(false);
        Console.WriteLine(JsonSerializer.Serialize(new LoadFigure(
            seconds, PeakMemory.Of(Environment.ProcessId) ?? 0, engine.Model.WeightBytes, engine.Model.WeightDtype, description.MemoryPeak,
            description.WeightCache?.IsRead ?? false)));
        return 0;
    }

    private static async Task<int> RunAsync(
        string? model, long bytes, bool isF32, string format, int repetitions, CancellationToken cancellation)
    {
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("llm42-bench-");
        try
        {
            string tiny = scratch.CreateSubdirectory("tiny").FullName;
            string cache = scratch.CreateSubdirectory("cache").FullName;
            SyntheticModel.Write(tiny, 0);
            if (model is null)
            {
                model = scratch.CreateSubdirectory("model").FullName;
                SyntheticModel.Write(model, bytes, isF32);
            }

            LoadFigure runtime = await InChildAsync(tiny, format, "", cancellation).ConfigureAwait(false);
            long runtimeBytes = runtime.PeakBytes - runtime.DeviceBytes;
            LoadFigure writing = await InChildAsync(model, format, cache, cancellation).ConfigureAwait(false);
            List<LoadFigure> packed = [], cached = [];
            for (int i = 0; i < repetitions; i++)
            {
                packed.Add(await InChildAsync(model, format, "", cancellation).ConfigureAwait(false));
                cached.Add(await InChildAsync(model, format, cache, cancellation).ConfigureAwait(false));
            }

            if (cached.Exists(figure => !figure.IsCached))
                throw new InvalidOperationException("a load that was to read the weight cache did not.");
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    date = $"{DateTime.UtcNow:yyyy-MM-dd}",
                    repetitions,
                    writing.WeightBytes,
                    writing.WeightDtype,
                    weights = format,
                    runtimeBytes,
                    packed = Summary(packed, runtimeBytes),
                    cached = Summary(cached, runtimeBytes),
                    secondsWritingTheCache = writing.Seconds,
                },
                Json));
            return 0;
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    /// <summary>Of loads of one way. Memory of the device is its weights, the KV cache and the work space of a step.</summary>
    private static object Summary(List<LoadFigure> figures, long runtimeBytes)
    {
        Spread seconds = Spread.Of(figures.Select(figure => figure.Seconds));
        long peak = figures.Max(figure => figure.PeakBytes);
        return new
        {
            seconds,
            gigabytesPerSecond = figures[0].WeightBytes / seconds.Median / 1e9,
            peakBytes = peak,
            deviceBytes = figures[0].DeviceBytes,
            overDevice = (double)(peak - runtimeBytes) / figures[0].DeviceBytes,
        };
    }

    private static async Task<LoadFigure> InChildAsync(string model, string format, string cache, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [ChildVerb, model, format, cache]) { RedirectStandardOutput = true };
        using Process child = Process.Start(start) ?? throw new InvalidOperationException("the child process did not start.");
        string output = await child.StandardOutput.ReadToEndAsync(cancellation).ConfigureAwait(false);
        await child.WaitForExitAsync(cancellation).ConfigureAwait(false);
        return child.ExitCode == 0
            ? JsonSerializer.Deserialize<LoadFigure>(output)!
            : throw new InvalidOperationException($"loading {model} ended with status {child.ExitCode}.");
    }
}
