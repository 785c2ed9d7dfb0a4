using System.CommandLine;
using System.Text.Json;
using Llm42.Cli.DemoModel;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Tokenization;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 tokenize MODEL`: text in, token ids out.</summary>
internal sealed class TokenizeCommand
{
    private readonly ModelFlags _model = new();
    private readonly PromptFlags _prompt = new();
    private readonly OutputFlags _output = new();

    private readonly Option<bool> _jsonl = Flag.Switch(
        "--jsonl", "Many texts: an object with \"text\", or a JSON string, on every line of standard input; "
        + "an object with \"ids\", \"ids_with_special\" and \"decoded\" a line out.");

    public static Command Create()
    {
        var self = new TokenizeCommand();
        var command = new Command("tokenize", "Token ids of a text, from --prompt, --prompt-file or standard input.");
        self._model.AddTo(command);
        self._prompt.AddTo(command);
        command.Add(self._jsonl);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        PromptSource? prompt = await _prompt.ReadAsync(parsed, cancellation).ConfigureAwait(false);
        if (prompt?.Ids is not null)
            throw new UsageException("--prompt-ids is given; tokenize takes text.");
        bool isJsonl = parsed.GetValue(_jsonl);
        if (isJsonl && prompt is not null)
            throw new UsageException("--jsonl reads its texts from standard input; leave the prompt out.");
        if (isJsonl && !_prompt.AddSpecialTokens(parsed))
            throw new UsageException("--jsonl writes ids without and with special tokens; leave --no-special-tokens out.");

        using ModelDirectory model = _model.Open(parsed);
        ITokenizer tokenizer = TokenizerLoader.Load(model.Path)
            ?? throw new InvalidDataException($"{model.Path} has no tokenizer, neither {TokenizerJson.FileName} nor one in GGUF metadata.");
        if (isJsonl)
            return await WriteLinesAsync(tokenizer, cancellation).ConfigureAwait(false);

        prompt ??= new PromptSource(
            await Console.In.ReadToEndAsync(cancellation).ConfigureAwait(false), null, _prompt.AddSpecialTokens(parsed));
        IReadOnlyList<int> ids = prompt.Encode(tokenizer);
        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(new TokenizeJson(ids), CliJsonContext.Standard.TokenizeJson);
        else
            StandardOutput.WriteLine(string.Join(',', ids));
        return CommandGuard.Success;
    }

    private static async Task<int> WriteLinesAsync(ITokenizer tokenizer, CancellationToken cancellation)
    {
        int number = 0;
        while (await Console.In.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            number++;
            if (line.Length > 0)
                StandardOutput.WriteJson(Line(tokenizer, TextOf(line, number)), CliJsonContext.Standard.TokenizeLineJson);
        }

        return CommandGuard.Success;
    }

    private static TokenizeLineJson Line(ITokenizer tokenizer, string text)
    {
        int[] ids = tokenizer.Encode(text, addSpecialTokens: false);
        return new TokenizeLineJson(
            ids, tokenizer.Encode(text, addSpecialTokens: true), tokenizer.Decode(ids, skipSpecialTokens: false));
    }

    private static string TextOf(string line, int number)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement element = document.RootElement;
            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("text", out JsonElement text))
                element = text;
            if (element.ValueKind == JsonValueKind.String)
                return element.GetString()!;
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"line {number} of standard input is not JSON: {error.Message}", error);
        }

        throw new InvalidDataException(
            $"line {number} of standard input is neither a JSON string nor an object with a string \"text\".");
    }
}
