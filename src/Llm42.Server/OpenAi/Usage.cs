namespace Llm42.Server.OpenAi;

/// <summary>Token counts of a response.</summary>
internal sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails)
{
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
