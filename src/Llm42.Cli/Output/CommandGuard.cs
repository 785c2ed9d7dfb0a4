using System.CommandLine;
using Llm42.Cli.Options;

namespace Llm42.Cli.Output;

/// <summary>Turns what a command throws into one line on standard error and an exit status.</summary>
internal static class CommandGuard
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    /// <summary>128 + SIGINT, as shells report it.</summary>
    public const int Cancelled = 130;

    /// <summary>Shows stack traces; belongs to every command.</summary>
    public static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "Say more on standard error; show stack traces.",
        Recursive = true,
    };

    public static void SetAction(Command command, Func<ParseResult, CancellationToken, Task<int>> action) =>
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                return await action(parsed, cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return Cancelled;
            }
            catch (OutputClosedException)
            {
                return Failure;
            }
            catch (UsageException error)
            {
                await Console.Error.WriteLineAsync($"llm42 {NameOf(command)}: {OneLine(error.Message)}").ConfigureAwait(false);
                return Usage;
            }
#pragma warning disable CA1031 // Whatever went wrong, the user gets one line and not a stack trace.
            catch (Exception error)
#pragma warning restore CA1031
            {
                string text = parsed.GetValue(Verbose) ? error.ToString() : OneLine(error.Message);
                await Console.Error.WriteLineAsync($"llm42 {NameOf(command)}: {text}").ConfigureAwait(false);
                return Failure;
            }
        });

    /// <summary>What the user typed behind llm42: "generate", "bench kernels".</summary>
    public static string NameOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault(parent => parent.Parents.Any()) is { } group
            ? $"{NameOf(group)} {command.Name}"
            : command.Name;

    private static string OneLine(string message) =>
        string.Join(' ', message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
