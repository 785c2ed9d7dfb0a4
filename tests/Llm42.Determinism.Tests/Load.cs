namespace Llm42.Determinism.Tests;

/// <summary>Watched requests amid random neighbours, in random order of arrival.</summary>
internal sealed class Load(InferenceEngine engine, Random random)
{
    private const int LongestPrompt = 90;

    /// <summary>
    /// Answers to the watched requests, in their order, run with <paramref name="neighbours"/> others that arrive
    /// before, between and after them.
    /// </summary>
    public async Task<Answer[]> RunAsync(IReadOnlyList<(int[] Prompt, GenerationOptions Options)> watched, int neighbours)
    {
        var arrivals = new List<Func<Task>>();
        var answers = new Answer[watched.Count];
        for (int i = 0; i < watched.Count; i++)
        {
            int index = i;
            arrivals.Add(async () => answers[index] = Answer.Of(
                await engine.CompleteAsync(watched[index].Prompt, watched[index].Options).ConfigureAwait(false)));
        }

        for (int i = 0; i < neighbours; i++)
        {
            int[] prompt = [.. Enumerable.Range(0, random.Next(1, LongestPrompt)).Select(_ => random.Next(2, engine.Model.VocabularySize))];
            var options = new GenerationOptions
            {
                MaxTokens = random.Next(1, 40),
                Temperature = random.Next(2) * 0.9f,
                Seed = (ulong)random.Next(),
                IsDeterministic = random.Next(2) == 0,
                IgnoreEos = true,
            };
            arrivals.Add(() => engine.CompleteAsync(prompt, options));
        }

        Func<Task>[] order = [.. arrivals];
        random.Shuffle(order);
        List<Task> running = [];
        foreach (Func<Task> arrival in order)
        {
            running.Add(arrival());
            // Some arrive while others are half done: wait for one that already runs.
            if (random.Next(4) == 0)
                await Task.WhenAny(running).ConfigureAwait(false);
        }

        await Task.WhenAll(running).ConfigureAwait(false);
        return answers;
    }
}
