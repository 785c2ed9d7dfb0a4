using System.CommandLine;
using System.Text.Json;
using Llm42.ChatTemplates;
using Llm42.Cli.DemoModel;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Tokenization;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 render MODEL`: messages in, the prompt that the model's chat template makes of them out.</summary>
internal sealed class RenderCommand
{
    private readonly ModelFlags _model = new();
    private readonly OutputFlags _output = new();

    private readonly Option<bool> _jsonl = Flag.Switch(
        "--jsonl", "Many requests: a JSON object on every line of standard input; an object a line out.");

    public static Command Create()
    {
        var self = new RenderCommand();
        var command = new Command(
            "render",
            "The prompt that the model's chat template makes of {\"messages\": ..., \"tools\": ..., \"add_generation_prompt\": ...} on standard " +
            "input. Every other field becomes a variable of the template.");
        self._model.AddTo(command);
        command.Add(self._jsonl);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        using ModelDirectory model = _model.Open(parsed);
        ChatTemplate template = ChatTemplate.Load(model.Path);
        bool isJsonl = parsed.GetValue(_jsonl);
        bool isJson = _output.IsJson(parsed);
        ITokenizer? tokenizer = isJson || isJsonl ? TokenizerLoader.Load(model.Path) : null;
        if (isJsonl)
            return await WriteLinesAsync(template, tokenizer, cancellation).ConfigureAwait(false);

        string prompt = Render(template, await Console.In.ReadToEndAsync(cancellation).ConfigureAwait(false));
        if (isJson)
            Write(prompt, tokenizer);
        else
            StandardOutput.Write(prompt);
        return CommandGuard.Success;
    }

    private static async Task<int> WriteLinesAsync(ChatTemplate template, ITokenizer? tokenizer, CancellationToken cancellation)
    {
        int number = 0;
        while (await Console.In.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            number++;
            if (line.Length > 0)
                Write(Render(template, line, number), tokenizer);
        }

        return CommandGuard.Success;
    }

    /// <summary>The template writes the special tokens out; none are added.</summary>
    private static void Write(string prompt, ITokenizer? tokenizer) =>
        StandardOutput.WriteJson(new RenderJson(prompt, tokenizer?.Encode(prompt, addSpecialTokens: false)), CliJsonContext.Standard.RenderJson);

    private static string Render(ChatTemplate template, string json, int? line = null)
    {
        string place = line is null ? "standard input" : $"line {line} of standard input";
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return template.Render(document.RootElement);
        }
        catch (JsonException error)
        {
            // The reader counts from 0.
            long row = (line ?? 1) + (error.LineNumber ?? 0);
            string problem = error.Message.Split(" LineNumber:")[0];
            throw new InvalidDataException($"standard input is not JSON at line {row}, byte {(error.BytePositionInLine ?? 0) + 1}: {problem}", error);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"{place}: {error.Message.Split(" (Parameter")[0]}", error);
        }
        catch (ChatTemplateException error) when (error.IsRaisedByTemplate)
        {
            throw new InvalidDataException($"{place}: the chat template refuses the request: {error.Message}", error);
        }
    }
}
