using Llm42.Cli.Determinism;
using Llm42.Tokenization;

namespace Llm42.Cli.Stress;

/// <summary>
/// The requests whose answers are compared, made from a seed: short to middling prompts, many of which begin alike, so
/// that the prefix cache has something to share; greedy and sampled; some with stop strings.
/// </summary>
internal sealed class StressRequestSet
{
    private const int Count = 48;
    private const int LongestPrompt = 120;

    /// <summary>Prompts begin with one of these few texts.</summary>
    private const int Beginnings = 5;

    /// <summary>Strings that answers in English are likely to hold.</summary>
    private static readonly string[] StopStrings = [" the", ".", "and ", ",", "e"];

    private static readonly GenerationOptions[] Samplings =
    [
        new() { Temperature = 0 },
        new() { Temperature = 0.7f },
        new() { Temperature = 1, TopK = 40 },
        new() { Temperature = 0.9f, TopP = 0.9f },
        new() { Temperature = 1.3f, MinP = 0.05f },
        new() { Temperature = 0.8f, TopK = 50, TopP = 0.95f, MinP = 0.02f },
    ];

    private readonly List<IReadOnlyList<int>> _texts;
    private readonly bool _hasText;
    private readonly int _maxContext;
    private readonly int _vocabularySize;
    private readonly int _tokens;

    public StressRequestSet(ModelDescription model, ITokenizer? tokenizer, StressOptions options)
    {
        if (model.MaxContext < 2)
            throw new ArgumentException($"The context holds {model.MaxContext} position; a prompt and its answer need 2 or more.");
        Random random = SeededRandom.Of(options.Seed, SeededRandom.Requests, 0);
        _hasText = tokenizer is not null;
        _maxContext = model.MaxContext;
        _vocabularySize = model.VocabularySize;
        _tokens = options.Tokens;
        _texts = tokenizer is not null
            ? [.. BuiltInTexts.All.Select(text => tokenizer.Encode(text, addSpecialTokens: true))]
            : [.. BuiltInTexts.All.Select(text => RandomIds(random, 1 + (text.Length / 4)))];
        Requests = [.. Enumerable.Range(0, Count).Select(index => Create(random, Samplings[index % Samplings.Length], isDeterministic: true))];
        LongestPositions = Requests.Max(request => request.Positions);
    }

    /// <summary>The requests; all ask for determinism.</summary>
    public IReadOnlyList<StressRequest> Requests { get; }

    /// <summary>Positions that the longest of them takes: what a KV cache must hold at least.</summary>
    public int LongestPositions { get; }

    /// <summary>An ordinary request, no longer than the longest of those compared.</summary>
    public StressRequest Neighbour(Random random)
    {
        StressRequest request = Create(random, Samplings[random.Next(Samplings.Length)], isDeterministic: false);
        int prompt = Math.Min(request.PromptIds.Count, LongestPositions - 1);
        return new StressRequest(
            [.. request.PromptIds.Take(prompt)],
            request.Options with { MaxTokens = Math.Min(request.Options.MaxTokens, LongestPositions - prompt) });
    }

    private StressRequest Create(Random random, GenerationOptions sampling, bool isDeterministic)
    {
        List<int> prompt = Prompt(random);
        bool hasStop = random.Next(6) == 0 && _hasText;
        string stop = StopStrings[random.Next(StopStrings.Length)];
        return new StressRequest(prompt, sampling with
        {
            MaxTokens = Math.Min(AnswerTokens(random), _maxContext - prompt.Count),
            Seed = (ulong)random.NextInt64(),
            IsDeterministic = isDeterministic,
            IgnoreEos = random.Next(4) > 0,
            Stop = hasStop ? [stop] : [],
            TopLogprobs = random.Next(5) == 0 ? Math.Min(3, _vocabularySize) : 0,
        });
    }

    private List<int> Prompt(Random random)
    {
        int longest = Math.Clamp(_maxContext / 2, 1, LongestPrompt);
        int length = Math.Min(longest, random.Next(4) switch
        {
            0 => random.Next(1, 5),
            1 or 2 => random.Next(5, 41),
            _ => random.Next(41, LongestPrompt + 1),
        });
        var prompt = new List<int>();
        int text = random.Next(Beginnings);
        while (prompt.Count < length)
            prompt.AddRange(_texts[text++ % _texts.Count]);
        prompt.RemoveRange(length, prompt.Count - length);
        // Half of the prompts end in a way of their own: two that begin alike part anywhere in a page.
        if (random.Next(2) == 0)
        {
            IReadOnlyList<int> ending = _texts[random.Next(_texts.Count)];
            for (int i = Math.Max(1, length - random.Next(1, 9)); i < length; i++)
                prompt[i] = ending[i % ending.Count];
        }

        return prompt;
    }

    private int AnswerTokens(Random random) => random.Next(16) switch
    {
        0 => 1,
        1 or 2 => random.Next(_tokens, (4 * _tokens) + 1),
        _ => random.Next(Math.Min(8, _tokens), _tokens + 1),
    };

    private IReadOnlyList<int> RandomIds(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => random.Next(_vocabularySize))];
}
