using System.CommandLine;
using Llm42.Tokenization;

namespace Llm42.Cli.Options;

/// <summary>The prompt: as text, as a file, or as token ids.</summary>
internal sealed class PromptFlags
{
    private readonly Option<string?> _text = Flag.Text("--prompt", "TEXT", "The prompt.");

    private readonly Option<string?> _file = Flag.Text(
        "--prompt-file", "FILE", "A file that holds the prompt, to its last character; - is standard input.");

    private readonly Option<int[]?> _ids = Flag.TokenIds("--prompt-ids", "The prompt as token ids.");

    private readonly Option<bool> _noSpecialTokens = Flag.Switch(
        "--no-special-tokens", "Do not put the model's begin token before a prompt given as text.");

    public void AddTo(Command command)
    {
        command.Add(_text);
        command.Add(_file);
        command.Add(_ids);
        command.Add(_noSpecialTokens);
    }

    /// <summary>The prompt that the command line gives, null for none.</summary>
    public async Task<PromptSource?> ReadAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string? text = parsed.GetValue(_text);
        string? file = parsed.GetValue(_file);
        // An array that was not given reads as an empty one.
        int[]? ids = parsed.GetResult(_ids) is null ? null : parsed.GetValue(_ids);
        int given = (text is null ? 0 : 1) + (file is null ? 0 : 1) + (ids is null ? 0 : 1);
        if (given > 1)
            throw new UsageException("more than one prompt is given; use one of --prompt, --prompt-file and --prompt-ids.");
        if (given == 0)
            return null;
        if (file is not null)
            text = file == "-"
                ? await Console.In.ReadToEndAsync(cancellation).ConfigureAwait(false)
                : await File.ReadAllTextAsync(file, cancellation).ConfigureAwait(false);
        return new PromptSource(text, ids, AddSpecialTokens(parsed));
    }

    /// <summary>Whether special tokens are put around a text.</summary>
    public bool AddSpecialTokens(ParseResult parsed) => !parsed.GetValue(_noSpecialTokens);

    /// <summary>The prompt that the command line must give.</summary>
    public async Task<PromptSource> ReadRequiredAsync(ParseResult parsed, CancellationToken cancellation) =>
        await ReadAsync(parsed, cancellation).ConfigureAwait(false)
        ?? throw new UsageException("no prompt is given; use --prompt TEXT, --prompt-file FILE or --prompt-ids 1,2,3.");
}

/// <summary>A prompt as it was given.</summary>
internal sealed record PromptSource(string? Text, IReadOnlyList<int>? Ids, bool AddSpecialTokens)
{
    /// <summary>The prompt as token ids.</summary>
    public IReadOnlyList<int> Encode(ITokenizer? tokenizer)
    {
        if (Ids is not null)
            return Ids;
        if (tokenizer is null)
            throw new UsageException("the model directory has no tokenizer.json; give the prompt as --prompt-ids 1,2,3.");
        return tokenizer.Encode(Text!, AddSpecialTokens);
    }
}
