using System.CommandLine;
using System.Globalization;
using Llm42.Cli.DemoModel;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 score MODEL`: the log-probability of every prompt token, under invariant numerics.</summary>
internal sealed class ScoreCommand
{
    private readonly ModelFlags _model = new();
    private readonly PromptFlags _prompt = new();
    private readonly EngineFlags _engine = new();
    private readonly OutputFlags _output = new();

    private readonly Option<int?> _top = Flag.Integer(
        "--top", "Also the K tokens most likely to follow each position (default 0).", 0, 1024);

    public static Command Create()
    {
        var self = new ScoreCommand();
        var command = new Command("score", "Log-probabilities of the prompt's tokens, under invariant numerics.");
        self._model.AddTo(command);
        self._prompt.AddTo(command);
        command.Add(self._top);
        self._engine.AddTo(command);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        InferenceEngineOptions engineOptions = _engine.Read(parsed);
        PromptSource prompt = await _prompt.ReadRequiredAsync(parsed, cancellation).ConfigureAwait(false);
        using ModelDirectory model = _model.Open(parsed);
        await using InferenceEngine engine = await ModelLoading.RunAsync(model.Path, engineOptions, cancellation).ConfigureAwait(false);
        ScoreResult scores = await engine.ScoreAsync(
            prompt.Encode(engine.Tokenizer), parsed.GetValue(_top) ?? 0, cancellation).ConfigureAwait(false);
        ScoreJson json = ScoreJson.Of(scores);
        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(json, CliJsonContext.Standard.ScoreJson);
        else
            Write(json);
        return CommandGuard.Success;
    }

    private static void Write(ScoreJson scores)
    {
        var table = new TextTable(Console.Out, "position", "token id", "logprob", "likely to follow");
        for (int i = 0; i < scores.Positions.Count; i++)
        {
            ScoredPositionJson position = scores.Positions[i];
            table.AddRow(
                i.ToString(CultureInfo.InvariantCulture),
                position.TokenId.ToString(CultureInfo.InvariantCulture),
                position.Logprob?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "",
                string.Join("  ", (position.Next ?? []).Select(
                    entry => FormattableString.Invariant($"{entry.TokenId}:{entry.Logprob:0.0000}"))));
        }

        table.Write();
    }
}
