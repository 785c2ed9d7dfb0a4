using System.CommandLine;
using Llm42.Cli.DemoModel;
using Llm42.Cli.Determinism;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Cli.Remote;
using Llm42.Cli.RemoteDeterminism;
using Llm42.Cli.Stress;
using Llm42.Tokenization;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 check MODEL`, `llm42 check --base-url URL`, and `llm42 demo`, which is the same on the embedded model.</summary>
internal sealed class CheckCommand
{
    private readonly ModelFlags? _model;
    private readonly PromptFlags _prompt = new();
    private readonly CheckFlags _check = new();
    private readonly StressFlags _stress = new();
    private readonly RemoteCheckFlags _remote = new();
    private readonly EngineFlags _engine = new();
    private readonly OutputFlags _output = new();

    private CheckCommand(ModelFlags? model) => _model = model;

    public static Command Create() => Create(
        new Command("check", "Answer one prompt many times amid changing load, without determinism and with it; PASS if every deterministic answer is the same."),
        new ModelFlags());

    public static Command CreateDemo() => Create(new Command("demo", "The same as check, on the embedded model."), null);

    private static Command Create(Command command, ModelFlags? model)
    {
        var self = new CheckCommand(model);
        model?.AddTo(command);
        self._prompt.AddTo(command);
        self._check.AddTo(command);
        self._stress.AddTo(command);
        if (model is not null)
            self._remote.AddTo(command);
        self._engine.AddTo(command);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        if (_model is not null && _remote.IsAskedFor(parsed))
            return await RunRemoteAsync(parsed, _model, cancellation).ConfigureAwait(false);
        InferenceEngineOptions engineOptions = _engine.Read(parsed);
        if (_engine.RefusesDeterminism(parsed))
            throw new UsageException("--enable-llm42 0 or --determinism off switches determinism off, and this command is about it; leave it out.");
        if (_stress.IsAskedFor(parsed))
            return await RunStressAsync(parsed, engineOptions, cancellation).ConfigureAwait(false);
        PromptSource prompt = await _prompt.ReadAsync(parsed, cancellation).ConfigureAwait(false)
            ?? new PromptSource(BuiltInTexts.Prompt, null, AddSpecialTokens: true);
        using ModelDirectory model = _model?.Open(parsed) ?? ModelDirectory.Open("demo");
        IReadOnlyList<int> promptIds = prompt.Encode(TokenizerLoader.Load(model.Path));
        CheckOptions options = _check.Read(parsed, promptIds);

        CheckReport report = await TerminalProgress.RunAsync(progress =>
            new DeterminismCheck(model.Path, engineOptions, options, progress).RunAsync(
                _engine.HasPlannedThreads(parsed), _engine.HasDrafter(parsed), cancellation)).ConfigureAwait(false);
        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(CheckJson.Of(report), CliJsonContext.Standard.CheckJson);
        CheckReportWriter.Write(report, _output.IsJson(parsed) ? Console.Error : Console.Out);
        return report.IsPass ? CommandGuard.Success : CommandGuard.Failure;
    }

    private async Task<int> RunRemoteAsync(ParseResult parsed, ModelFlags model, CancellationToken cancellation)
    {
        if (model.IsGiven(parsed))
            throw new UsageException("a model and --base-url are given; the server has its own, and --model names one of those.");
        RemoteOptions serverOptions = _remote.ReadServer(parsed);
        PromptSource? prompt = await _prompt.ReadAsync(parsed, cancellation).ConfigureAwait(false);
        RemoteCheckOptions options = await _remote.ReadAsync(
            parsed, _check.Read(parsed, []), prompt, serverOptions.Endpoint, cancellation).ConfigureAwait(false);
        using RemoteServer server = await RemoteServer.OpenAsync(serverOptions, TimeProvider.System, cancellation).ConfigureAwait(false);
        RemoteCheckReport report = await TerminalProgress.RunAsync(progress => new RemoteCheck(server, options, progress)
            .RunAsync(server.Address.ToString(), server.Model, cancellation)).ConfigureAwait(false);
        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(RemoteCheckJson.Of(report), CliJsonContext.Standard.RemoteCheckJson);
        RemoteCheckReportWriter.Write(report, _output.IsJson(parsed) ? Console.Error : Console.Out);
        return report.IsPass ? CommandGuard.Success : CommandGuard.Failure;
    }

    private async Task<int> RunStressAsync(ParseResult parsed, InferenceEngineOptions engineOptions, CancellationToken cancellation)
    {
        StressOptions options = _stress.Read(parsed, engineOptions, _check.Tokens(parsed), _check.Seed(parsed));
        using ModelDirectory model = _model?.Open(parsed) ?? ModelDirectory.Open("demo");
        StressReport report = await TerminalProgress.RunAsync(progress =>
            new StressCheck(model.Path, engineOptions, options, progress).RunAsync(cancellation)).ConfigureAwait(false);
        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(StressJson.Of(report), CliJsonContext.Standard.StressJson);
        StressReportWriter.Write(report, _output.IsJson(parsed) ? Console.Error : Console.Out);
        return report.IsPass ? CommandGuard.Success : CommandGuard.Failure;
    }
}
