using Spectre.Console;

namespace Llm42.Cli.Output;

/// <summary>A bar on standard error while weights are read, where that is a terminal; nothing elsewhere.</summary>
internal static class WeightProgress
{
    public static Task<T> RunAsync<T>(string stage, Func<IProgress<LoadProgress>?, Task<T>> work) =>
        !TerminalProgress.HasBars
            ? work(null)
            : TerminalProgress.ErrorConsole.Progress()
                .AutoClear(true)
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn())
                .StartAsync(context => work(new Bar(context.AddTask(stage))));

    private sealed class Bar(ProgressTask task) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value)
        {
            task.MaxValue = value.TotalBytes;
            task.Value = value.LoadedBytes;
        }
    }
}
