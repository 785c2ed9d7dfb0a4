namespace Llm42.Cli.Determinism;

/// <summary>
/// Makes the load of each run from a seed: how many neighbours, their prompts, lengths and sampling, the order of
/// arrival and the pauses between arrivals, counted in tokens. The same run has the same load in every mode.
/// </summary>
internal sealed class LoadGenerator
{
    private const int LongestPrompt = 160;
    private const int LongestPause = 24;

    private readonly List<IReadOnlyList<int>> _texts;
    private readonly CheckOptions _options;
    private readonly int _maxContext;

    public LoadGenerator(InferenceEngine engine, CheckOptions options)
    {
        _options = options;
        _maxContext = engine.Model.MaxContext;
        _texts = engine.Tokenizer is { } tokenizer
            ? [.. BuiltInTexts.All.Select(text => tokenizer.Encode(text, addSpecialTokens: true))]
            : RandomTexts(engine.Model.VocabularySize);
    }

    /// <summary>The arrivals of a run, in order; run 0 is the checked request alone.</summary>
    public IReadOnlyList<Arrival> Arrivals(int run, GenerationOptions checkedOptions)
    {
        var random = new Random(HashCode(run));
        int neighbours = NeighboursOf(run, random);
        int checkedPlace = random.Next(neighbours + 1);
        var arrivals = new List<Arrival>();
        int afterTokens = 0;
        for (int place = 0; place <= neighbours; place++)
        {
            if (place > 0 && random.Next(3) > 0)
                afterTokens += random.Next(LongestPause);
            arrivals.Add(place == checkedPlace
                ? new Arrival(_options.PromptIds, checkedOptions, afterTokens, IsChecked: true)
                : Neighbour(random, afterTokens, checkedOptions.IsDeterministic));
        }

        return arrivals;
    }

    /// <summary>Prompts that differ, for measurements.</summary>
    public IReadOnlyList<int> Prompt(int index) => _texts[index % _texts.Count];

    private int NeighboursOf(int run, Random random) => run switch
    {
        0 => 0,
        1 => Math.Min(1, _options.Neighbours),
        2 => _options.Neighbours,
        _ => _options.Neighbours == 0 ? 0 : random.Next(1, _options.Neighbours + 1),
    };

    /// <summary>Half of the neighbours of a deterministic request are deterministic too; of another one none.</summary>
    private Arrival Neighbour(Random random, int afterTokens, bool mayBeDeterministic)
    {
        int longest = Math.Max(1, Math.Min(LongestPrompt, _maxContext / 2));
        int length = random.Next(1, longest + 1);
        var prompt = new List<int>();
        while (prompt.Count < length)
            prompt.AddRange(_texts[random.Next(_texts.Count)]);
        prompt.RemoveRange(length, prompt.Count - length);
        var options = new GenerationOptions
        {
            MaxTokens = Math.Min(random.Next(1, 2 * _options.Tokens + 1), _maxContext - length),
            Temperature = random.Next(2) == 0 ? 0f : 0.7f,
            Seed = (ulong)random.NextInt64(),
            IsDeterministic = random.Next(2) == 0 && mayBeDeterministic,
            IgnoreEos = true,
        };
        return new Arrival(prompt, options, afterTokens, IsChecked: false);
    }

    /// <summary>Unlike <see cref="System.HashCode"/>, the same in every process.</summary>
    private int HashCode(int run) => unchecked((int)(_options.Seed * 0x9E3779B97F4A7C15UL >> 32) ^ (run * 0x01000193));

    private List<IReadOnlyList<int>> RandomTexts(int vocabularySize)
    {
        var random = new Random(HashCode(-1));
        return [.. BuiltInTexts.All.Select(text => (IReadOnlyList<int>)
            [.. Enumerable.Range(0, 1 + (text.Length / 4)).Select(_ => random.Next(vocabularySize))])];
    }
}
