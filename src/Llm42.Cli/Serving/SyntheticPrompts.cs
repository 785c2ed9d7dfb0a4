using Llm42.Cli.Determinism;
using Llm42.Cli.Remote;

namespace Llm42.Cli.Serving;

/// <summary>
/// Prompts of random content and chosen length: of exactly so many token ids where the server's vocabulary is known,
/// else of so many words.
/// </summary>
internal sealed class SyntheticPrompts : IPromptSource
{
    private static readonly string[] Words = [.. BuiltInTexts.All
        .SelectMany(text => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal)];

    private readonly LengthDistribution _inputLength;
    private readonly LengthDistribution _outputLength;
    private readonly IReadOnlyList<int>? _vocabulary;

    /// <param name="inputLength">Length of prompts.</param>
    /// <param name="outputLength">Length of answers.</param>
    /// <param name="vocabulary">Token ids to draw from; null where none are known.</param>
    public SyntheticPrompts(LengthDistribution inputLength, LengthDistribution outputLength, IReadOnlyList<int>? vocabulary)
    {
        _inputLength = inputLength;
        _outputLength = outputLength;
        _vocabulary = vocabulary;
    }

    /// <summary>A text whose tokens are a vocabulary to draw from.</summary>
    public static string VocabularyText => string.Join(' ', Words);

    public IReadOnlyList<(RemotePrompt Prompt, int MaxTokens)> Select(int count, Random random)
    {
        var selected = new (RemotePrompt, int)[count];
        for (int i = 0; i < count; i++)
        {
            int length = _inputLength.Draw(random);
            selected[i] = (Draw(length, random), _outputLength.Draw(random));
        }

        return selected;
    }

    private RemotePrompt Draw(int length, Random random)
    {
        if (_vocabulary is null)
            return new RemotePrompt { Text = string.Join(' ', Enumerable.Range(0, length).Select(_ => Words[random.Next(Words.Length)])) };
        int[] ids = new int[length];
        for (int i = 0; i < length; i++)
            ids[i] = _vocabulary[random.Next(_vocabulary.Count)];
        return new RemotePrompt { Ids = ids };
    }
}
