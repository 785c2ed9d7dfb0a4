using System.Diagnostics;
using System.Text;
using Llm42.Benchmarks.Determinism;

namespace Llm42.Benchmarks.Serve;

/// <summary>How long `llm42 serve demo` takes from its start to the end of its first answer.</summary>
internal static class ServerStart
{
    public static async Task<Spread> MeasureAsync(string llm42, int repetitions)
    {
        // One for nothing: it unpacks the model and fills the page cache.
        await OnceAsync(llm42).ConfigureAwait(false);
        var seconds = new List<double>();
        for (int i = 0; i < repetitions; i++)
            seconds.Add((await OnceAsync(llm42).ConfigureAwait(false)).TotalSeconds);
        return Spread.Of(seconds);
    }

    private static async Task<TimeSpan> OnceAsync(string llm42)
    {
        using var client = new HttpClient();
        using var content = new StringContent("""{"model":"demo","prompt":"In the beginning","max_tokens":16}""", Encoding.UTF8, "application/json");
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(
            new ProcessStartInfo(llm42, ["serve", "demo", "--port", "0", "--log-level", "none"]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("the server did not start.");
        try
        {
            string line = await process.StandardOutput.ReadLineAsync().ConfigureAwait(false)
                ?? throw new InvalidOperationException("the server ended.");
            using HttpResponseMessage response = await client.PostAsync($"{line.Split(' ')[2]}/v1/completions", content).ConfigureAwait(false);
            response.EnsureSuccessStatusCode();
            await response.Content.ReadAsStringAsync().ConfigureAwait(false);
            return Stopwatch.GetElapsedTime(start);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync().ConfigureAwait(false);
        }
    }
}
