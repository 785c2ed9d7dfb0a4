using System.CommandLine;
using System.Text.Json;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Cli.Throughput;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 bench throughput`: how fast engines of this machine answer.</summary>
internal sealed class BenchThroughputCommand
{
    private readonly BenchMachineFlags _machine = new();
    private readonly ThroughputFlags _throughput = new();
    private readonly OutputFlags _output = new();

    public static Command Create()
    {
        var self = new BenchThroughputCommand();
        var command = new Command(
            "throughput", "Measure prefill and decoding of engines on random weights, by batch and share of deterministic requests, against what the machine can do.");
        self._machine.AddTo(command);
        self._throughput.AddTo(command);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        ThroughputOptions options = _throughput.Read(parsed, _machine);
        string? page = _machine.Report(parsed);
        // Opened first: minutes of measuring must not end in a file that cannot be written.
        await using FileStream? file = _machine.Output(parsed) is { } path ? File.Create(path) : null;
        await using StreamWriter? html = page is null ? null : new StreamWriter(page);
        ThroughputReport report = await TerminalProgress.RunAsync(
            progress => new ThroughputBenchmark(options, progress).RunAsync(cancellation)).ConfigureAwait(false);
        var json = BenchThroughputJson.Of(report);
        if (file is not null)
            await JsonSerializer.SerializeAsync(file, json, CliJsonContext.Standard.BenchThroughputJson, cancellation).ConfigureAwait(false);
        if (html is not null)
            await html.WriteAsync(ThroughputPage.Of(report).For(page!).AsMemory(), cancellation).ConfigureAwait(false);
        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(json, CliJsonContext.Standard.BenchThroughputJson);
        ThroughputWriter.Write(report, _output.IsJson(parsed) ? Console.Error : Console.Out);
        return CommandGuard.Success;
    }
}
