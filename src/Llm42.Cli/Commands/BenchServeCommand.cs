using System.CommandLine;
using System.Text.Json;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Cli.Remote;
using Llm42.Cli.Serving;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 bench serve --base-url URL`: latencies and throughput of a server under load.</summary>
internal sealed class BenchServeCommand
{
    private readonly RemoteFlags _remote = new();
    private readonly ServingFlags _serving = new();
    private readonly OutputFlags _output = new();

    public static Command Create()
    {
        var self = new BenchServeCommand();
        var command = new Command("serve", "Measure a server with OpenAI's API under load: latencies by class, throughput, rollbacks.");
        self._remote.AddTo(command);
        self._serving.AddTo(command);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        RemoteOptions serverOptions = _remote.Read(parsed);
        ServingOptions options = _serving.Read(parsed);
        string? reportFile = _serving.Report(parsed);
        // Opened first: minutes of measuring must not end in a file that cannot be written.
        await using FileStream? json = _serving.Output(parsed) is { } path ? File.Create(path) : null;
        await using StreamWriter? html = reportFile is null ? null : new StreamWriter(reportFile);
        using RemoteServer server = await RemoteServer.OpenAsync(serverOptions, TimeProvider.System, cancellation).ConfigureAwait(false);
        ServingReport report = await TerminalProgress.RunAsync(progress => new ServingBenchmark(
            server, options, TimeProvider.System, progress).RunAsync(cancellation)).ConfigureAwait(false);

        var written = ServingJson.Of(report, _serving.HasDetails(parsed));
        if (json is not null)
            await JsonSerializer.SerializeAsync(json, written, CliJsonContext.Standard.ServingJson, cancellation).ConfigureAwait(false);
        if (html is not null)
        {
            string text = reportFile!.EndsWith(".svg", StringComparison.Ordinal) ? SvgReport.Of(report) : HtmlReport.Of(report);
            await html.WriteAsync(text.AsMemory(), cancellation).ConfigureAwait(false);
        }

        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(written, CliJsonContext.Standard.ServingJson);
        ServingReportWriter.Write(report, _output.IsJson(parsed) ? Console.Error : Console.Out);
        return report.All.Succeeded > 0 ? CommandGuard.Success : CommandGuard.Failure;
    }
}
