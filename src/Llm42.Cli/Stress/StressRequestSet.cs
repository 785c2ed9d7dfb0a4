using Llm42.Cli.Determinism;
using Llm42.StructuredOutput;
using Llm42.Tokenization;

namespace Llm42.Cli.Stress;

/// <summary>
/// The requests whose answers are compared, made from a seed: short to middling prompts, many of which begin alike, so
/// that the prefix cache has something to share; greedy and sampled; some with stop strings. Every fourth goes on where
/// the answer to the one before it ended, as a conversation does: what the cache must not hand it is keys and values of
/// that answer that fast numerics wrote.
/// </summary>
internal sealed class StressRequestSet
{
    /// <summary>How many there are to be.</summary>
    public const int Count = 48;

    /// <summary>Of so many requests the last goes on from the answer to the last but one.</summary>
    private const int ConversationLength = 4;
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
        new() { Temperature = 0, RepetitionPenalty = 1.3f },
        new() { Temperature = 1, OutputFormat = OutputFormat.JsonObject },
        new()
        {
            Temperature = 0.8f, PresencePenalty = 0.5f, FrequencyPenalty = 0.3f, LogitBias = new Dictionary<int, float> { [0] = -100, [1] = 1 },
        },
    ];

    private readonly List<StressRequest> _requests = [];
    private readonly List<IReadOnlyList<int>> _texts;
    private readonly Random _random;
    private readonly bool _hasText;
    private readonly int _maxContext;
    private readonly int _vocabularySize;
    private readonly int _tokens;

    public StressRequestSet(ModelDescription model, ITokenizer? tokenizer, StressOptions options)
    {
        if (model.MaxContext < 2)
            throw new ArgumentException($"The context holds {model.MaxContext} position; a prompt and its answer need 2 or more.");
        _random = SeededRandom.Of(options.Seed, SeededRandom.Requests, 0);
        _hasText = tokenizer is not null;
        _maxContext = model.MaxContext;
        _vocabularySize = model.VocabularySize;
        _tokens = options.Tokens;
        _texts = tokenizer is not null
            ? [.. BuiltInTexts.All.Select(text => tokenizer.Encode(text, addSpecialTokens: true))]
            : [.. BuiltInTexts.All.Select(text => RandomIds(_random, 1 + (text.Length / 4)))];
    }

    /// <summary>The requests made so far; all ask for determinism.</summary>
    public IReadOnlyList<StressRequest> Requests => _requests;

    /// <summary>Positions that the longest of them takes: what a KV cache must hold at least.</summary>
    public int LongestPositions { get; private set; }

    /// <summary>Makes the next request, given the tokens of the answer to the one before it.</summary>
    public StressRequest Add(IReadOnlyList<int> lastAnswer)
    {
        int turn = _requests.Count % ConversationLength;
        StressRequest request = turn switch
        {
            ConversationLength - 1 => Create(_random, FollowUp(_requests[^1], lastAnswer), Sampling(), AnswerTokens(_random)),
            ConversationLength - 2 => WithWholeAnswer(Create(_random, Prompt(_random), Sampling(), _random.Next(_tokens, (4 * _tokens) + 1))),
            _ => Create(_random, Prompt(_random), Sampling(), AnswerTokens(_random)),
        };
        _requests.Add(request);
        LongestPositions = Math.Max(LongestPositions, request.Positions);
        return request;

        GenerationOptions Sampling() => Samplings[_requests.Count % Samplings.Length] with { IsDeterministic = true };
    }

    /// <summary>The request from whose answer another one of the same four goes on.</summary>
    public StressRequest OpeningOf(int number) => _requests[number - (number % ConversationLength) + ConversationLength - 2];

    /// <summary>An ordinary request, no longer than the longest of those compared.</summary>
    public StressRequest Neighbour(Random random)
    {
        StressRequest request = Create(random, Prompt(random), Samplings[random.Next(Samplings.Length)], AnswerTokens(random));
        int prompt = Math.Min(request.PromptIds.Count, LongestPositions - 1);
        return new StressRequest(
            [.. request.PromptIds.Take(prompt)],
            request.Options with { MaxTokens = Math.Min(request.Options.MaxTokens!.Value, LongestPositions - prompt) });
    }

    /// <summary>An answer that only its limit ends, for another request to go on from.</summary>
    private static StressRequest WithWholeAnswer(StressRequest request) =>
        request with { Options = request.Options with { IgnoreEos = true, Stop = [], OutputFormat = null } };

    private StressRequest Create(Random random, List<int> prompt, GenerationOptions sampling, int tokens)
    {
        bool hasStop = random.Next(6) == 0 && _hasText;
        string stop = StopStrings[random.Next(StopStrings.Length)];
        return new StressRequest(prompt, sampling with
        {
            MaxTokens = Math.Min(tokens, _maxContext - prompt.Count),
            Seed = (ulong)random.NextInt64(),
            IgnoreEos = random.Next(4) > 0,
            Stop = hasStop ? [stop] : [],
            OutputFormat = _hasText ? sampling.OutputFormat : null,
            TopLogprobs = random.Next(5) == 0 ? Math.Min(3, _vocabularySize) : 0,
        });
    }

    private List<int> FollowUp(StressRequest request, IReadOnlyList<int> answer)
    {
        List<int> prompt = [.. request.PromptIds, .. answer, .. _texts[_random.Next(_texts.Count)].Take(_random.Next(6))];
        int room = _maxContext - Math.Min(_tokens, _maxContext / 2);
        return prompt[..Math.Min(prompt.Count, room)];
    }

    private List<int> Prompt(Random random)
    {
        int length = Math.Min(Math.Max(1, _maxContext / 2), random.Next(4) switch
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
        _ => random.Next(Math.Min(8, _tokens), _tokens + 1),
    };

    private IReadOnlyList<int> RandomIds(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => random.Next(_vocabularySize))];
}
