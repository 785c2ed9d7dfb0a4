using System.CommandLine;
using Llm42.Cli.DemoModel;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Receipts;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 replay FILE [MODEL]`: runs the request of a receipt again and compares, bit for bit.</summary>
internal sealed class ReplayCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "A receipt that `llm42 generate --receipt FILE` wrote." };
    private readonly ModelFlags _model = new();
    private readonly EngineFlags _engine = new();
    private readonly OutputFlags _output = new();

    public static Command Create()
    {
        var self = new ReplayCommand();
        var command = new Command(
            "replay",
            "Run the request of a receipt again; succeeds if every token and log-probability is the same, bit for bit. Without MODEL, the model that the receipt names.")
        {
            self._file,
        };
        self._model.AddTo(command);
        self._engine.AddTo(command);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        InferenceEngineOptions engineOptions = _engine.Read(parsed);
        if (_engine.RefusesDeterminism(parsed))
            throw new UsageException("--enable-llm42 0 switches determinism off, and a receipt is of a deterministic answer; leave it out.");
        ReceiptFlag.CheckEngine("replay", engineOptions.Engine);
        Receipt receipt = Receipt.Load(parsed.GetRequiredValue(_file));
        using ModelDirectory model = _model.Open(parsed, receipt.Model.Name);
        await using InferenceEngine engine = await ModelLoading.RunAsync(model.Path, engineOptions, cancellation).ConfigureAwait(false);
        ReplayResult result = await engine.ReplayAsync(receipt, cancellation).ConfigureAwait(false);
        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(ReplayJson.Of(result), CliJsonContext.Standard.ReplayJson);
        else
            Write(result);
        return result.IsIdentical ? CommandGuard.Success : CommandGuard.Failure;
    }

    private static void Write(ReplayResult result)
    {
        foreach (string note in result.Notes)
            StandardOutput.WriteLine($"note: {note}.");
        StandardOutput.WriteLine(result.Difference is { } difference
            ? $"different at token {difference.Index}: {Describe(difference.Expected)} in the receipt, {Describe(difference.Actual)} here"
            : $"identical: {result.Tokens} tokens and the bits of their log-probabilities");
    }

    private static string Describe(ReplayToken? token) =>
        token is null ? "the end of the answer" : $"id {token.TokenId} with log-probability bits {token.LogprobBits}";
}
