using Spectre.Console;

namespace Llm42.Cli.Output;

/// <summary>A bar on standard error while weights are read, where that is a terminal; nothing elsewhere.</summary>
internal static class WeightProgress
{
    public static async Task<T> RunAsync<T>(string stage, Func<IProgress<LoadProgress>?, Task<T>> work)
    {
        if (Console.IsErrorRedirected || !TerminalProgress.ErrorConsole.Profile.Capabilities.Interactive)
            return await work(null).ConfigureAwait(false);
        return await TerminalProgress.ErrorConsole.Progress().AutoClear(true).HideCompleted(true)
            .StartAsync(context => work(new Bar(context.AddTask(Markup.Escape(stage))))).ConfigureAwait(false);
    }

    private sealed class Bar(ProgressTask task) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value)
        {
            task.MaxValue = Math.Max(1, value.TotalBytes);
            task.Value = value.LoadedBytes;
        }
    }
}
