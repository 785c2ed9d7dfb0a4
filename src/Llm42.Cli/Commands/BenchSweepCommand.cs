using System.CommandLine;
using System.Text.Json;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Cli.Synthetic;
using Llm42.Cli.Throughput;
using Llm42.Core.Engine;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 bench sweep`: which window and verify group suit this machine.</summary>
internal sealed class BenchSweepCommand
{
    private static readonly int[] DefaultWindows = [8, 16, 32, 64];
    private static readonly int[] DefaultGroups = [1, 2, 4, 8];

    private readonly BenchMachineFlags _machine = new();
    private readonly Option<int[]?> _windows = Flag.Integers("--window", $"Windows, separated by commas (default {string.Join(',', DefaultWindows)}).", 1, 1024);
    private readonly Option<int[]?> _groups = Flag.Integers("--verify-group", $"Verify groups, separated by commas (default {string.Join(',', DefaultGroups)}).", 1, 1024);
    private readonly Option<int?> _batch = Flag.Integer("--batch", "Requests at once (default 8).", 1, 1024);
    private readonly Option<int?> _promptLength = Flag.Integer("--prompt-length", "Tokens of a prompt (default 64).", 1, SyntheticModel.MaxContext / 2);
    private readonly Option<int?> _outputLength = Flag.Integer("--output-length", "Tokens of an answer (default 128).", 2, SyntheticModel.MaxContext / 2);
    private readonly Option<int?> _repetitions = Flag.Integer("--repetitions", "Samples of each pair, taken in turns (default 5).", 1, 1000);
    private readonly OutputFlags _output = new();

    public static Command Create()
    {
        var self = new BenchSweepCommand();
        var command = new Command("sweep", "Measure a deterministic load under every pair of window and verify group, with drafter same: a heat map.");
        self._machine.AddTo(command);
        foreach (Option option in (Option[])[self._windows, self._groups, self._batch, self._promptLength, self._outputLength, self._repetitions])
            command.Add(option);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var options = new ThroughputOptions
        {
            Shapes = [_machine.Shape(parsed)],
            Weights = [_machine.Format(parsed)],
            Variants =
            [
                .. from window in Flag.ValuesOr(parsed, _windows, DefaultWindows)
                   from verifyGroup in Flag.ValuesOr(parsed, _groups, DefaultGroups)
                   select new EngineVariant("bf16", DeterminismMode.Dvr, DrafterKind.Same, window, verifyGroup),
            ],
            Batches = [parsed.GetValue(_batch) ?? 8],
            Shares = [0, 1],
            PromptLength = parsed.GetValue(_promptLength) ?? 64,
            OutputLength = parsed.GetValue(_outputLength) ?? 128,
            Repetitions = parsed.GetValue(_repetitions) ?? 5,
            Machine = _machine.Machine(parsed),
        };
        string? page = _machine.Report(parsed);
        // Opened first: minutes of measuring must not end in a file that cannot be written.
        await using FileStream? file = _machine.Output(parsed) is { } path ? File.Create(path) : null;
        await using StreamWriter? html = page is null ? null : new StreamWriter(page);
        var report = new SweepReport(await TerminalProgress.RunAsync(
            progress => new ThroughputBenchmark(options, progress).RunAsync(cancellation)).ConfigureAwait(false));
        var json = SweepJson.Of(report);
        if (file is not null)
            await JsonSerializer.SerializeAsync(file, json, CliJsonContext.Standard.SweepJson, cancellation).ConfigureAwait(false);
        if (html is not null)
            await html.WriteAsync(report.ToDocument().For(page!).AsMemory(), cancellation).ConfigureAwait(false);
        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(json, CliJsonContext.Standard.SweepJson);
        report.Write(_output.IsJson(parsed) ? Console.Error : Console.Out);
        return CommandGuard.Success;
    }
}
