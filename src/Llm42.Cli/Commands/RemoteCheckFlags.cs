using System.CommandLine;
using Llm42.Cli.Determinism;
using Llm42.Cli.Options;
using Llm42.Cli.Remote;
using Llm42.Cli.RemoteDeterminism;

namespace Llm42.Cli.Commands;

/// <summary>The flags of `check --base-url`.</summary>
internal sealed class RemoteCheckFlags
{
    /// <summary>Flags of the other checks that mean something here too.</summary>
    private static readonly string[] Shared =
    [
        "--prompt", "--prompt-file", "--prompt-ids", "--runs", "--tokens", "--neighbours", "--seed", "--json", "--verbose",
    ];

    private readonly RemoteFlags _remote = new();

    private readonly Option<string?> _prompts = Flag.Text(
        "--prompts", "FILE", "With --base-url: check every prompt of a JSONL file, or of a JSON array.");

    private readonly Option<bool> _deterministic = Flag.Switch(
        "--deterministic", "With --base-url: ask for determinism by \"is_deterministic\": true, which Llm42 knows.");

    private readonly Option<float?> _temperature = Flag.Real(
        "--temperature", "With --base-url: the one temperature to check (default 0, and 0.7 with a seed).", 0, 100);

    private readonly Option<string?> _compare = Flag.Word(
        "--compare", "With --base-url: logprobs asks for the same bits of log-probabilities too, where the server gives them (default); text only for the same text.",
        ["logprobs", "text"]);

    private IEnumerable<Option> Own => [_prompts, _deterministic, _temperature, _compare];

    public void AddTo(Command command)
    {
        _remote.AddTo(command);
        foreach (Option option in Own)
            command.Add(option);
    }

    /// <summary>A server is to be checked; flags of such a check alone are refused, and so are flags of an engine with it.</summary>
    public bool IsAskedFor(ParseResult parsed)
    {
        string[] ours = [.. _remote.All.Concat(Own).Select(option => option.Name)];
        IReadOnlySet<string> given = GivenOptions.Of(parsed);
        if (_remote.IsAskedFor(parsed))
        {
            return given.FirstOrDefault(name => !ours.Contains(name) && !Shared.Contains(name)) is { } foreign
                ? throw new UsageException($"{foreign} and --base-url do not go together; the server has its own engine.")
                : true;
        }

        return ours.FirstOrDefault(given.Contains) is { } lonely
            ? throw new UsageException($"{lonely} is given without --base-url, and means something only there.")
            : false;
    }

    public RemoteOptions ReadServer(ParseResult parsed) => _remote.Read(parsed);

    public async Task<RemoteCheckOptions> ReadAsync(
        ParseResult parsed, CheckOptions check, PromptSource? prompt, RemoteEndpoint endpoint, CancellationToken cancellation)
    {
        string? file = parsed.GetValue(_prompts);
        if (file is not null && prompt is not null)
            throw new UsageException("--prompts and another prompt are given; give one of them.");
        IReadOnlyList<RemotePrompt> prompts = file is not null
            ? [.. (await PromptFile.ReadAsync(file, cancellation).ConfigureAwait(false)).Select(line => line.Prompt)]
            : [new RemotePrompt { Text = prompt is null ? BuiltInTexts.Prompt : prompt.Text, Ids = prompt?.Ids }];
        for (int i = 0; i < prompts.Count; i++)
        {
            if (prompts[i].ProblemAt(endpoint) is { } problem)
                throw new UsageException($"prompt {i}: {problem}.");
        }

        return new RemoteCheckOptions
        {
            Check = parsed.GetValue(_temperature) is { } temperature ? check with { Temperatures = [temperature] } : check,
            Prompts = prompts,
            IsDeterministic = parsed.GetValue(_deterministic),
            ComparesLogprobs = parsed.GetValue(_compare) is not "text",
        };
    }
}
