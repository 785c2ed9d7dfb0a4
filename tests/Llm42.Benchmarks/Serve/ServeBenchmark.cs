using System.CommandLine;
using System.Text.Json;
using Llm42.Benchmarks.Determinism;
using Llm42.Server;
using Microsoft.Extensions.Logging;

namespace Llm42.Benchmarks.Serve;

/// <summary>
/// `bench serve`: how soon a server answers after its start, and what HTTP adds to the engine's own latency and takes of
/// its throughput. Engine and server take turns in one process. Needs an idle machine.
/// </summary>
internal static class ServeBenchmark
{
    private const int WarmUps = 8;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create(string demoModel, string llm42)
    {
        var model = new Option<string>("--model") { Description = "Model directory.", DefaultValueFactory = _ => demoModel };
        var mebibytes = new Option<int>("--mebibytes") { Description = "Serve random weights of this size instead, with that model's tokenizer; 0: don't." };
        var repetitions = new Option<int>("--repetitions") { Description = "Repetitions of each figure.", DefaultValueFactory = _ => 15 };
        var requests = new Option<int>("--requests") { Description = "Requests at once.", DefaultValueFactory = _ => 32 };
        var tokens = new Option<int>("--tokens") { Description = "Tokens of each answer.", DefaultValueFactory = _ => 448 };
        var starts = new Option<int>("--starts") { Description = "Starts of a server; 0 leaves that out.", DefaultValueFactory = _ => 5 };
        var output = new Option<string?>("--output") { Description = "File for the figures as JSON." };
        var command = new Command("serve", "What the server adds to its engine.") { model, mebibytes, repetitions, requests, tokens, starts, output };
        command.SetAction(async (parsed, _) =>
        {
            using var random = parsed.GetValue(mebibytes) > 0 ? new RandomServedModel(parsed.GetValue(model)!, parsed.GetValue(mebibytes)) : null;
            await RunAsync(
                random?.Directory ?? parsed.GetValue(model)!, llm42, parsed.GetValue(repetitions), parsed.GetValue(requests), parsed.GetValue(tokens),
                parsed.GetValue(starts), parsed.GetValue(output)).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task RunAsync(string model, string llm42, int repetitions, int requests, int tokens, int starts, string? output)
    {
        Spread? start = starts > 0 ? await ServerStart.MeasureAsync(llm42, starts).ConfigureAwait(false) : null;
        if (start is not null)
            Console.WriteLine($"seconds from the start of `serve demo` to its first answer: {start.Median:0.00} ({start.LowerQuartile:0.00}-{start.UpperQuartile:0.00})");

        await using InferenceEngine engine = await InferenceEngine.LoadAsync(model, new InferenceEngineOptions
        {
            Engine = new() { PrefixCache = false, MaxSequences = Math.Max(64, requests) },
        }).ConfigureAwait(false);
        await using LlmServer server = await LlmServer.StartAsync(
            engine, new ServerOptions { Port = 0, ModelName = "bench", LogLevel = LogLevel.None }).ConfigureAwait(false);
        var work = new ServeWork(engine, new Uri(server.Addresses[0]), tokens);

        // Until everything is compiled.
        await using var clients = new ClientProcess(new Uri(server.Addresses[0]), requests, tokens);
        for (int i = 0; i < WarmUps; i++)
        {
            foreach (ServeWay way in Enum.GetValues<ServeWay>())
                await work.RunAsync(way, clients, requests).ConfigureAwait(false);
        }

        ThroughputFigures throughput = await MeasureThroughputAsync(work, clients, repetitions, requests).ConfigureAwait(false);
        Console.WriteLine(
            $"tokens/s of {requests} requests at once, {tokens} tokens each: engine, piece by piece {throughput.Engine.Median:0}, "
            + $"engine, whole answers {throughput.EngineWhole.Median:0}");
        Print("whole answers", throughput.WholeOverEngine);
        Print("streams", throughput.StreamsOverEngine);
        Console.WriteLine(
            $"  processor time of a token, clients apart: engine {throughput.EngineProcessorMicroseconds.Median:0.0} us, "
            + $"its whole answers {throughput.EngineWholeProcessorMicroseconds.Median:0.0} us, over HTTP "
            + $"whole answers {throughput.WholeProcessorMicroseconds.Median:0.0} us, streams {throughput.StreamProcessorMicroseconds.Median:0.0} us");
        LatencyFigures latency = await MeasureLatencyAsync(work, repetitions).ConfigureAwait(false);
        Console.WriteLine(
            $"one request: first token after {latency.EngineFirstMicroseconds.Median:0} us of the engine's, a stream adds {latency.AddedFirstMicroseconds.Median:0} us to it "
            + $"and {latency.AddedPerTokenMicroseconds.Median:0.0} us to each of the {latency.EnginePerTokenMicroseconds.Median:0} us between tokens");
        if (output is not null)
        {
            await File.WriteAllTextAsync(
                output,
                JsonSerializer.Serialize(
                    new { date = $"{DateTime.UtcNow:yyyy-MM-dd}", Environment.ProcessorCount, engine.Model.WeightBytes, repetitions, requests, tokens, startSeconds = start, throughput, latency },
                    Json) + "\n").ConfigureAwait(false);
        }

        static void Print(string what, Spread ratio) =>
            Console.WriteLine($"  over HTTP, {what}: {ratio.Median:0.000} ({ratio.LowerQuartile:0.000}-{ratio.UpperQuartile:0.000}) of that");
    }

    private static async Task<ThroughputFigures> MeasureThroughputAsync(ServeWork work, ClientProcess clients, int repetitions, int requests)
    {
        var rates = Enum.GetValues<ServeWay>().ToDictionary(way => way, _ => new List<double>());
        var processor = Enum.GetValues<ServeWay>().ToDictionary(way => way, _ => new List<double>());
        for (int i = 0; i < repetitions; i++)
        {
            // In turns, forwards and backwards: what the machine does beside is the same for all.
            ServeWay[] order = Enum.GetValues<ServeWay>();
            if (i % 2 == 1)
                Array.Reverse(order);
            foreach (ServeWay way in order)
            {
                (double tokensPerSecond, double microseconds) = await work.RunAsync(way, clients, requests).ConfigureAwait(false);
                rates[way].Add(tokensPerSecond);
                processor[way].Add(microseconds);
            }
        }

        return new ThroughputFigures(
            Spread.Of(rates[ServeWay.Engine]),
            Spread.Of(rates[ServeWay.EngineWhole]),
            Spread.Of(rates[ServeWay.Whole]),
            Spread.Of(rates[ServeWay.Stream]),
            Ratio(ServeWay.Whole, ServeWay.EngineWhole),
            Ratio(ServeWay.Stream, ServeWay.Engine),
            Spread.Of(processor[ServeWay.Engine]),
            Spread.Of(processor[ServeWay.EngineWhole]),
            Spread.Of(processor[ServeWay.Whole]),
            Spread.Of(processor[ServeWay.Stream]));

        // Each against the call that gives the same.
        Spread Ratio(ServeWay way, ServeWay call) => Spread.Of(rates[way].Zip(rates[call], (http, engine) => http / engine));
    }

    private static async Task<LatencyFigures> MeasureLatencyAsync(ServeWork work, int repetitions)
    {
        List<double> engineFirst = [], enginePerToken = [], addedFirst = [], addedPerToken = [];
        for (int i = 0; i < repetitions * 4; i++)
        {
            (TimeSpan First, TimeSpan PerToken) engine, stream;
            if (i % 2 == 0)
            {
                engine = await work.EngineLatencyAsync(i).ConfigureAwait(false);
                stream = await work.StreamLatencyAsync(i).ConfigureAwait(false);
            }
            else
            {
                stream = await work.StreamLatencyAsync(i).ConfigureAwait(false);
                engine = await work.EngineLatencyAsync(i).ConfigureAwait(false);
            }

            engineFirst.Add(engine.First.TotalMicroseconds);
            enginePerToken.Add(engine.PerToken.TotalMicroseconds);
            addedFirst.Add((stream.First - engine.First).TotalMicroseconds);
            addedPerToken.Add((stream.PerToken - engine.PerToken).TotalMicroseconds);
        }

        return new LatencyFigures(Spread.Of(engineFirst), Spread.Of(enginePerToken), Spread.Of(addedFirst), Spread.Of(addedPerToken));
    }
}

/// <summary>
/// Tokens per second; those over HTTP as a share of the engine's, repetition by repetition; and what a token takes of the
/// processors, clients apart.
/// </summary>
internal sealed record ThroughputFigures(
    Spread Engine, Spread EngineWhole, Spread Whole, Spread Streams, Spread WholeOverEngine, Spread StreamsOverEngine,
    Spread EngineProcessorMicroseconds, Spread EngineWholeProcessorMicroseconds, Spread WholeProcessorMicroseconds, Spread StreamProcessorMicroseconds);

/// <summary>Of one request at a time, in microseconds.</summary>
internal sealed record LatencyFigures(
    Spread EngineFirstMicroseconds, Spread EnginePerTokenMicroseconds, Spread AddedFirstMicroseconds, Spread AddedPerTokenMicroseconds);
