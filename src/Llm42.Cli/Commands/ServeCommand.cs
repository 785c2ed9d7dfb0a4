using System.CommandLine;
using Llm42.Cli.DemoModel;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Server;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 serve MODEL`: answers over HTTP.</summary>
internal sealed class ServeCommand
{
    public const string Name = "serve";

    private readonly ModelFlags _model = new();
    private readonly ServerFlags _server = new();
    private readonly EngineFlags _engine = new();

    public static Command Create()
    {
        var self = new ServeCommand();
        var command = new Command(
            Name,
            "Answer over HTTP, as OpenAI's API does, until SIGINT or SIGTERM; running requests then get --drain-timeout to finish, and a second signal ends them.");
        self._model.AddTo(command);
        self._server.AddTo(command);
        self._engine.AddTo(command);
        OptionSources.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string name = _model.Name(parsed);
        ServerOptions options = _server.Read(parsed, Path.GetFileName(Path.TrimEndingDirectorySeparator(name)));
        InferenceEngineOptions engineOptions = _server.Read(parsed, _engine.Read(parsed));
        using var signals = new TerminationSignals();
        using ModelDirectory model = _model.Open(parsed);
        try
        {
            await using InferenceEngine engine = await ModelLoading.RunAsync(model.Path, engineOptions, signals.Stop).ConfigureAwait(false);
            await using LlmServer server = await LlmServer.StartAsync(engine, options, signals.Stop).ConfigureAwait(false);
            StandardOutput.WriteLine($"Listening on {string.Join(", ", server.Addresses)} with {options.ModelName}.");
            await server.RunAsync(signals.Stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            // Told to end before it served anybody.
        }

        return CommandGuard.Success;
    }
}
