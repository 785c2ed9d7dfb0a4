using System.CommandLine;
using Llm42.Cli.DemoModel;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Server;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 serve MODEL`: answers over HTTP.</summary>
internal sealed class ServeCommand
{
    private readonly ModelFlags _model = new();
    private readonly ServerFlags _server = new();
    private readonly EngineFlags _engine = new();

    public static Command Create()
    {
        var self = new ServeCommand();
        var command = new Command("serve", "Answer over HTTP, as OpenAI's API does, until the process is told to end.");
        self._model.AddTo(command);
        self._server.AddTo(command);
        self._engine.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string name = _model.Name(parsed);
        ServerOptions options = _server.Read(parsed, Path.GetFileName(Path.TrimEndingDirectorySeparator(name)));
        using ModelDirectory model = _model.Open(parsed);
        await using InferenceEngine engine = await ModelLoading.RunAsync(model.Path, _engine.Read(parsed), cancellation).ConfigureAwait(false);
        await using LlmServer server = await LlmServer.StartAsync(engine, options, cancellation).ConfigureAwait(false);
        StandardOutput.WriteLine($"Listening on {string.Join(", ", server.Addresses)} with {options.ModelName}.");
        await server.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        return CommandGuard.Success;
    }
}
