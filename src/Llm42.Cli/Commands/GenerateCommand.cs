using System.CommandLine;
using System.Text;
using Llm42.Cli.DemoModel;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Core.Requests;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 generate MODEL`: answers one prompt.</summary>
internal sealed class GenerateCommand
{
    private readonly ModelFlags _model = new();
    private readonly PromptFlags _prompt = new();
    private readonly SamplingFlags _sampling = new();
    private readonly ReceiptFlag _receipt = new();
    private readonly EngineFlags _engine = new();
    private readonly ProfileFlag _profile = new();
    private readonly OutputFlags _output = new();

    public static Command Create()
    {
        var self = new GenerateCommand();
        var command = new Command("generate", "Answer a prompt; the text streams to standard output.");
        self._model.AddTo(command);
        self._prompt.AddTo(command);
        self._sampling.AddTo(command);
        self._receipt.AddTo(command);
        self._engine.AddTo(command);
        self._profile.AddTo(command);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        bool isJson = _output.IsJson(parsed);
        if (_sampling.HasLogprobs(parsed) && !isJson)
            throw new UsageException("--logprobs is given without --json; log-probabilities are written only there.");
        InferenceEngineOptions engineOptions = _profile.Read(parsed, _engine.Read(parsed));
        PromptSource prompt = await _prompt.ReadRequiredAsync(parsed, cancellation).ConfigureAwait(false);
        GenerationOptions options = _sampling.Read(parsed, _engine, prompt.AddSpecialTokens);
        string? receiptFile = _receipt.Read(parsed, options, engineOptions.Engine);

        using ModelDirectory model = _model.Open(parsed);
        await using InferenceEngine engine = await ModelLoading.RunAsync(model.Path, engineOptions, cancellation).ConfigureAwait(false);
        IReadOnlyList<int> promptIds = prompt.Encode(engine.Tokenizer);
        if (!isJson && options.N == 1)
        {
            WriteReceipt(await StreamAsync(engine, promptIds, options, cancellation).ConfigureAwait(false));
            WriteProfile();
            return CommandGuard.Success;
        }

        bool hasText = engine.Tokenizer is not null;
        IReadOnlyList<GenerationResult> results =
            await engine.CompleteAllAsync(promptIds, options, cancellation).ConfigureAwait(false);
        if (!isJson)
        {
            WriteTexts(results, hasText, options.Seed);
            WriteProfile();
            return CommandGuard.Success;
        }

        WriteReceipt(results[0]);
        GenerateJson[] answers = [.. results.Select(result => GenerateJson.Of(result, hasText, _sampling.HasLogprobs(parsed)))];
        if (options.N == 1)
            StandardOutput.WriteJson(answers[0] with { Profile = ProfileJson.Of(engine.Profile) }, CliJsonContext.Standard.GenerateJson);
        else
            StandardOutput.WriteJson(new GenerateAllJson(answers) { Profile = ProfileJson.Of(engine.Profile) }, CliJsonContext.Standard.GenerateAllJson);
        return CommandGuard.Success;

        // Beside the answer, which may be on its way to another program.
        void WriteProfile()
        {
            if (engine.Profile is { } profile)
                ProfileWriter.Write(profile, title: "", Console.Error);
        }

        void WriteReceipt(GenerationResult result)
        {
            if (receiptFile is not null)
                ReceiptFlag.Write(receiptFile, engine.CreateReceipt(promptIds, options, result, _model.Name(parsed)));
        }
    }

    private static async Task<GenerationResult> StreamAsync(
        InferenceEngine engine, IReadOnlyList<int> promptIds, GenerationOptions options, CancellationToken cancellation)
    {
        bool hasText = engine.Tokenizer is not null;
        bool endsLine = false;
        int count = 0;
        var answer = new StringBuilder();
        var tokens = new List<TokenEvent>();
        GenerationChunk last = default;
        await foreach (GenerationChunk chunk in engine.GenerateAsync(promptIds, options, cancellation).ConfigureAwait(false))
        {
            answer.Append(chunk.Text);
            tokens.AddRange(chunk.Tokens);
            last = chunk;
            string text = hasText
                ? chunk.Text
                : string.Concat(chunk.Tokens.Select(token => count++ == 0 ? $"{token.TokenId}" : $",{token.TokenId}"));
            if (text.Length == 0)
                continue;
            StandardOutput.Write(text);
            endsLine = text[^1] == '\n';
        }

        if (!endsLine)
            StandardOutput.WriteLine();
        return new GenerationResult(answer.ToString(), tokens, last.FinishReason!.Value, last.Usage!, last.Statistics!);
    }

    /// <summary>Several answers, each below a line that says which, and with what seed it comes alone.</summary>
    private static void WriteTexts(IReadOnlyList<GenerationResult> results, bool hasText, ulong seed)
    {
        for (int i = 0; i < results.Count; i++)
        {
            string text = hasText ? results[i].Text : string.Join(',', results[i].TokenIds);
            StandardOutput.WriteLine($"--- answer {i + 1} of {results.Count}, seed {unchecked(seed + (ulong)i)} ---");
            StandardOutput.Write(text.EndsWith('\n') ? text : text + "\n");
        }
    }
}
