using System.CommandLine;
using System.Text.Json;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Cli.Serving;
using Llm42.Cli.Throughput;
using Llm42.Cli.Traces;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 bench trace FILE`: an engine under the arrivals of a trace.</summary>
internal sealed class BenchTraceCommand
{
    private static readonly double[] DefaultShares = [0, 0.5];

    private readonly Argument<string> _file = new("FILE") { Description = "CSV with the columns TIMESTAMP, ContextTokens and GeneratedTokens, as Azure publishes its traces." };

    private readonly BenchMachineFlags _machine = new();

    private readonly Option<float?> _speed = Flag.Real("--speed", "Arrivals come so many times as fast (default 1).", 0.001f, 1000000);

    private readonly Option<float?> _lengthScale = Flag.Real("--length-scale", "Prompts and answers are so many times as long (default 1).", 0.0001f, 100);

    private readonly Option<int?> _numRequests = Flag.Integer("--num-requests", "The first so many requests of the file (default 100).", 1, ServingPlan.MostRequests);

    private readonly Option<double[]?> _shares = Flag.Reals(
        "--deterministic-share", $"Shares of deterministic requests, separated by commas, each a run of its own (default {string.Join(',', DefaultShares.Select(share => FormattableString.Invariant($"{share}")))}).", 0, 1);

    private readonly OutputFlags _output = new();

    public static Command Create()
    {
        var self = new BenchTraceCommand();
        var command = new Command("trace", "Send the requests of a trace to an engine on random weights, when they arrived there or faster: latencies by class.") { self._file };
        self._machine.AddTo(command);
        foreach (Option option in (Option[])[self._speed, self._lengthScale, self._numRequests, self._shares])
            command.Add(option);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        TraceOptions options = Read(parsed);
        string? page = _machine.Report(parsed);
        // Opened first: minutes of measuring must not end in a file that cannot be written.
        await using FileStream? file = _machine.Output(parsed) is { } path ? File.Create(path) : null;
        await using StreamWriter? html = page is null ? null : new StreamWriter(page);
        TraceReport report = await TerminalProgress.RunAsync(
            progress => new TraceBenchmark(options, TimeProvider.System, progress).RunAsync(cancellation)).ConfigureAwait(false);
        var json = TraceJson.Of(report);
        if (file is not null)
            await JsonSerializer.SerializeAsync(file, json, CliJsonContext.Standard.TraceJson, cancellation).ConfigureAwait(false);
        if (html is not null)
            await html.WriteAsync(TracePage.Of(report).For(page!).AsMemory(), cancellation).ConfigureAwait(false);
        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(json, CliJsonContext.Standard.TraceJson);
        TraceWriter.Write(report, _output.IsJson(parsed) ? Console.Error : Console.Out);
        return report.Runs.All(run => run.Classes[0].Succeeded > 0) ? CommandGuard.Success : CommandGuard.Failure;
    }

    private TraceOptions Read(ParseResult parsed)
    {
        string name = parsed.GetValue(_file)!;
        using StreamReader reader = File.OpenText(name);
        var engine = new InferenceEngineOptions();
        return new TraceOptions
        {
            Shape = _machine.Shape(parsed),
            Weights = _machine.Format(parsed),
            Variant = new EngineVariant("bf16", engine.Engine.Determinism, engine.Engine.Drafter, engine.Engine.Window, engine.Engine.VerifyGroup),
            Machine = _machine.Machine(parsed),
            Trace = Path.GetFileName(name),
            Arrivals = TraceFile.Read(reader, Path.GetFileName(name), parsed.GetValue(_numRequests) ?? 100),
            Speed = (double)(decimal)(parsed.GetValue(_speed) ?? 1), // 0.1f is 0.1, not 0.10000000149
            LengthScale = (double)(decimal)(parsed.GetValue(_lengthScale) ?? 1),
            Shares = Flag.ValuesOr(parsed, _shares, DefaultShares),
        };
    }
}
