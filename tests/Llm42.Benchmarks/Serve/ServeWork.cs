using System.Diagnostics;

namespace Llm42.Benchmarks.Serve;

/// <summary>The same requests, by a call and over HTTP.</summary>
internal sealed class ServeWork(InferenceEngine engine, Uri address, int tokens)
{
    private const int PromptLength = 16;

    /// <summary>What clients ask: the same ids in every process.</summary>
    public static int[] Prompt(int index)
    {
        var random = new Random(index);
        return [.. Enumerable.Range(0, PromptLength).Select(_ => random.Next(3, 1000))];
    }

    /// <summary>Answers as many requests at once as there are clients: tokens per second, and what a token takes of the processors.</summary>
    public async Task<(double TokensPerSecond, double ProcessorMicroseconds)> RunAsync(ServeWay way, ClientProcess clients, int requests)
    {
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        await (way switch
        {
            ServeWay.Engine => Task.WhenAll(Enumerable.Range(0, requests).Select(i => AnswerAsync(Prompt(i)))),
            ServeWay.EngineWhole => Task.WhenAll(Enumerable.Range(0, requests).Select(i => engine.CompleteAsync(Prompt(i), Options()))),
            _ => AnswerAsync(clients, way == ServeWay.Stream, requests * tokens),
        }).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double made = requests * tokens;
        return (made / seconds, (Environment.CpuUsage.TotalTime - processor).TotalMicroseconds / made);
    }

    /// <summary>The first token of one request, and the time between the others, by a call.</summary>
    public async Task<(TimeSpan First, TimeSpan PerToken)> EngineLatencyAsync(int request)
    {
        long start = Stopwatch.GetTimestamp(), first = 0;
        await foreach (GenerationChunk _ in engine.GenerateAsync(Prompt(request), Options()).ConfigureAwait(false))
            first = first == 0 ? Stopwatch.GetTimestamp() : first;
        return (Stopwatch.GetElapsedTime(start, first), Stopwatch.GetElapsedTime(first) / (tokens - 1));
    }

    /// <summary>The same over HTTP, as a client sees it.</summary>
    public async Task<(TimeSpan First, TimeSpan PerToken)> StreamLatencyAsync(int request)
    {
        using var client = new RawClient(address);
        byte[] body = RawClient.Request(Prompt(request), tokens, isStreamed: true);
        long start = Stopwatch.GetTimestamp();
        long first = await client.AnswerAsync(body).ConfigureAwait(false);
        return (Stopwatch.GetElapsedTime(start, first), Stopwatch.GetElapsedTime(first) / (tokens - 1));
    }

    private GenerationOptions Options() => new() { MaxTokens = tokens, Temperature = 0, IgnoreEos = true };

    private async Task AnswerAsync(ClientProcess clients, bool isStreamed, long total)
    {
        long before = engine.Statistics.OrdinaryTokens;
        await clients.AskAsync(isStreamed).ConfigureAwait(false);
        while (engine.Statistics.OrdinaryTokens - before < total * 15 / 16)
            await Task.Delay(10).ConfigureAwait(false);
        await clients.AwaitAnswersAsync().ConfigureAwait(false);
    }

    private async Task AnswerAsync(int[] prompt)
    {
        await foreach (GenerationChunk _ in engine.GenerateAsync(prompt, Options()).ConfigureAwait(false))
        {
        }
    }
}
