using Spectre.Console;

namespace Llm42.Cli.Output;

/// <summary>Loads models, with a bar on standard error where that is a terminal.</summary>
internal static class ModelLoading
{
    public static Task<LlmEngine> RunAsync(string model, LlmEngineOptions options, CancellationToken cancellation) =>
        !TerminalProgress.HasBars
            ? LlmEngine.LoadAsync(model, options, null, cancellation)
            : TerminalProgress.ErrorConsole.Progress()
                .AutoClear(true)
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn())
                .StartAsync(context => LlmEngine.LoadAsync(model, options, new Bar(context.AddTask("Loading")), cancellation));

    private sealed class Bar(ProgressTask task) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value)
        {
            task.MaxValue = value.TotalBytes;
            task.Value = value.LoadedBytes;
        }
    }
}
