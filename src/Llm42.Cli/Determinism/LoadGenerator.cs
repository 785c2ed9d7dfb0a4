using Llm42.Cli.Options;

namespace Llm42.Cli.Determinism;

/// <summary>
/// Makes the load of each run from a seed: how many neighbours, their prompts, lengths and sampling, the order of
/// arrival and the pauses between arrivals, counted in tokens. The same run has the same load in every mode.
/// </summary>
internal sealed class LoadGenerator
{
    private const int LongestPrompt = 160;
    private const int LongestPause = 24;

    /// <summary>About so many characters of a text are a token.</summary>
    private const int CharactersPerToken = 4;

    private readonly List<PromptSource> _texts;
    private readonly CheckOptions _options;
    private readonly Func<Random, (PromptSource Prompt, int MostTokens)> _draw;

    private LoadGenerator(CheckOptions options, List<PromptSource> texts, Func<Random, (PromptSource, int)> draw)
    {
        _options = options;
        _texts = texts;
        _draw = draw;
    }

    /// <summary>Loads of token ids for an engine.</summary>
    public static LoadGenerator Of(InferenceEngine engine, CheckOptions options)
    {
        List<IReadOnlyList<int>> texts = engine.Tokenizer is { } tokenizer
            ? [.. BuiltInTexts.All.Select(text => tokenizer.Encode(text, addSpecialTokens: true))]
            : RandomTexts(options.Seed, engine.Model.VocabularySize);
        int maxContext = engine.Model.MaxContext;
        return new LoadGenerator(options, [.. texts.Select(Ids)], random =>
        {
            int longest = Math.Max(1, Math.Min(LongestPrompt, maxContext / 2));
            List<int> prompt = Draw(random, texts, random.Next(1, longest + 1));
            return (Ids(prompt), maxContext - prompt.Count);
        });
    }

    /// <summary>Loads of texts for a server of which nothing is known.</summary>
    public static LoadGenerator OfTexts(CheckOptions options)
    {
        List<IReadOnlyList<char>> texts = [.. BuiltInTexts.All.Select(text => (IReadOnlyList<char>)text.ToCharArray())];
        return new LoadGenerator(options, [.. BuiltInTexts.All.Select(Text)], random =>
        {
            List<char> prompt = Draw(random, texts, CharactersPerToken * random.Next(1, LongestPrompt + 1));
            return (Text(new string([.. prompt])), int.MaxValue);
        });

        static PromptSource Text(string text) => new(text, null, AddSpecialTokens: true);
    }

    /// <summary>The arrivals of a run, in order; run 0 is the checked request alone.</summary>
    public IReadOnlyList<Arrival> Arrivals(int run, GenerationOptions checkedOptions)
    {
        var random = new Random(HashCode(_options.Seed, run));
        int neighbours = NeighboursOf(run, random);
        int checkedPlace = random.Next(neighbours + 1);
        var arrivals = new List<Arrival>();
        int afterTokens = 0;
        for (int place = 0; place <= neighbours; place++)
        {
            if (place > 0 && random.Next(3) > 0)
                afterTokens += random.Next(LongestPause);
            arrivals.Add(place == checkedPlace
                ? new Arrival(Ids(_options.PromptIds), checkedOptions, afterTokens, IsChecked: true)
                : Neighbour(random, afterTokens, checkedOptions.IsDeterministic));
        }

        return arrivals;
    }

    /// <summary>Prompts that differ, for measurements.</summary>
    public IReadOnlyList<int> Prompt(int index) => _texts[index % _texts.Count].Ids!;

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
        (PromptSource prompt, int mostTokens) = _draw(random);
        var options = new GenerationOptions
        {
            MaxTokens = Math.Min(random.Next(1, 2 * _options.Tokens + 1), mostTokens),
            Temperature = random.Next(2) == 0 ? 0f : 0.7f,
            Seed = (ulong)random.NextInt64(),
            IsDeterministic = random.Next(2) == 0 && mayBeDeterministic,
            IgnoreEos = true,
        };
        return new Arrival(prompt, options, afterTokens, IsChecked: false);
    }

    private static List<T> Draw<T>(Random random, List<IReadOnlyList<T>> texts, int length)
    {
        var prompt = new List<T>();
        while (prompt.Count < length)
            prompt.AddRange(texts[random.Next(texts.Count)]);
        prompt.RemoveRange(length, prompt.Count - length);
        return prompt;
    }

    private static PromptSource Ids(IReadOnlyList<int> ids) => new(null, ids, AddSpecialTokens: false);

    /// <summary>Unlike <see cref="System.HashCode"/>, the same in every process.</summary>
    private static int HashCode(ulong seed, int run) => unchecked((int)(seed * 0x9E3779B97F4A7C15UL >> 32) ^ (run * 0x01000193));

    private static List<IReadOnlyList<int>> RandomTexts(ulong seed, int vocabularySize)
    {
        var random = new Random(HashCode(seed, -1));
        return [.. BuiltInTexts.All.Select(text => (IReadOnlyList<int>)
            [.. Enumerable.Range(0, 1 + (text.Length / CharactersPerToken)).Select(_ => random.Next(vocabularySize))])];
    }
}
