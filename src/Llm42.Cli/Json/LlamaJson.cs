namespace Llm42.Cli.Json;

/// <summary>What llama.mjs is asked: to begin, or for a sample.</summary>
internal sealed record LlamaAskJson
{
    public string? Folder { get; init; }

    public string? Model { get; init; }

    public int Threads { get; init; }

    public int Batch { get; init; }

    public int PromptLength { get; init; }

    public int OutputLength { get; init; }

    public int Vocabulary { get; init; }

    public int Seed { get; init; }
}

/// <summary>What it answers.</summary>
internal sealed record LlamaAnswerJson(string? Version, string? System, double PrefillSeconds, double DecodeSeconds, string? Error);
