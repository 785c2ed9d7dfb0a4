using Llm42.Cli.Determinism;
using Spectre.Console;

namespace Llm42.Cli.Output;

/// <summary>Progress on standard error: bars where it is a terminal, else a plain line per stage.</summary>
internal static class TerminalProgress
{
    /// <summary>Standard error as a Spectre console.</summary>
    public static IAnsiConsole ErrorConsole { get; } = AnsiConsole.Create(
        new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Standard error is a terminal that can redraw a line.</summary>
    public static bool HasBars => !Console.IsErrorRedirected && ErrorConsole.Profile.Capabilities.Interactive;

    public static async Task<T> RunAsync<T>(Func<ICheckProgress, Task<T>> work)
    {
        if (!HasBars)
            return await work(new Lines()).ConfigureAwait(false);
        return await ErrorConsole.Progress().AutoClear(true).HideCompleted(true)
            .StartAsync(context => work(new Bars(context))).ConfigureAwait(false);
    }

    private sealed class Lines : ICheckProgress
    {
        public void Begin(string stage, int steps) => Console.Error.WriteLine($"{stage}: {steps} steps");

        public void Step()
        {
        }
    }

    private sealed class Bars(ProgressContext context) : ICheckProgress
    {
        private ProgressTask? _task;

        public void Begin(string stage, int steps)
        {
            _task?.StopTask();
            _task = context.AddTask(Markup.Escape(stage), maxValue: steps);
        }

        public void Step() => _task?.Increment(1);
    }
}
