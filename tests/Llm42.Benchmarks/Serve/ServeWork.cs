using System.Diagnostics;

namespace Llm42.Benchmarks.Serve;

/// <summary>The same requests, by a call and over HTTP.</summary>
internal sealed class ServeWork(InferenceEngine engine, Uri address, int tokens)
{
    private const int PromptLength = 16;

    /// <summary>How long some requests at once take.</summary>
    public async Task<TimeSpan> RunAsync(ServeWay way, int requests)
    {
        // Connections are there, as those of clients that stay.
        RawClient[] clients = way == ServeWay.Engine ? [] : [.. Enumerable.Range(0, requests).Select(_ => new RawClient(address))];
        byte[][] bodies = [.. Enumerable.Range(0, requests).Select(i => RawClient.Request(Prompt(i), tokens, way == ServeWay.Stream))];
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, requests).Select(i => way == ServeWay.Engine
            ? AnswerAsync(Prompt(i))
            : clients[i].AnswerAsync(bodies[i]))).ConfigureAwait(false);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        foreach (RawClient client in clients)
            client.Dispose();
        return time;
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

    private static int[] Prompt(int index)
    {
        var random = new Random(index);
        return [.. Enumerable.Range(0, PromptLength).Select(_ => random.Next(3, 1000))];
    }

    private GenerationOptions Options() => new() { MaxTokens = tokens, Temperature = 0, IgnoreEos = true };

    private async Task AnswerAsync(int[] prompt)
    {
        await foreach (GenerationChunk _ in engine.GenerateAsync(prompt, Options()).ConfigureAwait(false))
        {
        }
    }
}
