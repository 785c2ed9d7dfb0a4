namespace Llm42.Server.OpenAi;

/// <summary>Token counts of a response.</summary>
internal sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails)
{
    public CompletionTokensDetails CompletionTokensDetails { get; } = new(0);

    /// <summary>Of several answers: a prompt counts once, however many answers it gets.</summary>
    public static Usage Of(IReadOnlyList<GenerationChunk> lasts, int answersPerPrompt)
    {
        var prompt = lasts.Where((_, i) => i % answersPerPrompt == 0).Sum(last => last.Usage!.PromptTokens);
        var cached = lasts.Where((_, i) => i % answersPerPrompt == 0).Sum(last => last.Usage!.CachedTokens);
        var completion = lasts.Sum(last => last.Usage!.CompletionTokens);
        return new Usage(prompt, completion, prompt + completion, new PromptTokensDetails(cached));
    }
}

/// <summary>What of a prompt was there already.</summary>
internal sealed record PromptTokensDetails(int CachedTokens);

/// <summary>What of an answer was thought and not said: nothing, since what a model thinks is part of its text here.</summary>
internal sealed record CompletionTokensDetails(int ReasoningTokens);
