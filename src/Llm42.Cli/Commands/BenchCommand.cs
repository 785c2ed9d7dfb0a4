using System.CommandLine;
using System.Text.Json;
using Llm42.Cli.Json;
using Llm42.Cli.Kernels;
using Llm42.Cli.Options;
using Llm42.Cli.Output;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 bench kernels`: how fast the operators are on this machine.</summary>
internal sealed class BenchCommand
{
    private readonly KernelFlags _kernels = new();
    private readonly OutputFlags _output = new();

    public static Command Create()
    {
        var self = new BenchCommand();
        var kernels = new Command(
            "kernels", "Time every operator at the shapes of known models, fast against invariant numerics, against what the machine can do, and against PyTorch.");
        self._kernels.AddTo(kernels);
        self._output.AddTo(kernels);
        CommandGuard.SetAction(kernels, self.RunAsync);
        return new Command("bench", "Measure operators, engines, or a server.") { kernels, BenchThroughputCommand.Create(), BenchSweepCommand.Create(), BenchTraceCommand.Create(), BenchServeCommand.Create() };
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        KernelOptions options = _kernels.Read(parsed);
        IReadOnlyList<KernelCase> cases = options.Cases;
        if (cases.Count == 0)
            throw new UsageException("--operators, --models and --rows together leave no case; attention.prefill needs 64 rows or more, attention.decode and sampling 512 or fewer.");
        if (_kernels.IsList(parsed))
        {
            WriteList(cases, _output.IsJson(parsed));
            return CommandGuard.Success;
        }

        // Opened first: minutes of measuring must not end in a file that cannot be written.
        await using FileStream? file = _kernels.Output(parsed) is { } path ? File.Create(path) : null;
        KernelReport report = await TerminalProgress.RunAsync(progress =>
            new KernelBenchmark(options, progress).RunAsync(cancellation)).ConfigureAwait(false);
        var json = KernelsJson.Of(report);
        if (file is not null)
            await JsonSerializer.SerializeAsync(file, json, CliJsonContext.Standard.KernelsJson, cancellation).ConfigureAwait(false);
        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(json, CliJsonContext.Standard.KernelsJson);
        KernelReportWriter.Write(report, _output.IsJson(parsed) ? Console.Error : Console.Out);
        return CommandGuard.Success;
    }

    private static void WriteList(IReadOnlyList<KernelCase> cases, bool isJson)
    {
        if (isJson)
        {
            StandardOutput.WriteJson(KernelListJson.Of(cases), CliJsonContext.Standard.KernelListJson);
            return;
        }

        foreach (KernelCase one in cases)
            StandardOutput.WriteLine($"{one.Operator,-18}{one.Shape}  ({string.Join(", ", one.Models)})");
    }
}
