using Llm42.Tokenization;

namespace Llm42.Cli.Throughput;

/// <summary>Prompts of a benchmark: pieces of a text, or, without one, random tokens.</summary>
/// <param name="text">The text; null for none.</param>
internal sealed class ThroughputPrompts(string? text)
{
    private IReadOnlyList<int>? _tokens;

    /// <summary>Prompts of a number: others than of any other, as far as the text has them.</summary>
    /// <param name="engine">What they are for.</param>
    /// <param name="number">The number.</param>
    /// <param name="count">How many.</param>
    /// <param name="length">Tokens of each.</param>
    /// <exception cref="InvalidOperationException">The model has no tokenizer, or the text is too short.</exception>
    public int[][] Of(InferenceEngine engine, int number, int count, int length)
    {
        if (text is null)
            return ThroughputPlan.Prompts(number, count, length, engine.Model.VocabularySize);
        _tokens ??= engine.Tokenizer is { } tokenizer
            ? tokenizer.Encode(text, addSpecialTokens: false)
            : throw new InvalidOperationException("the model has no tokenizer, which a text of --prompt-file needs.");
        return Pieces(_tokens, number, count, length);
    }

    /// <summary>Pieces that begin at random places.</summary>
    internal static int[][] Pieces(IReadOnlyList<int> tokens, int number, int count, int length)
    {
        if (tokens.Count < length)
            throw new InvalidOperationException($"the text of --prompt-file has {tokens.Count} tokens; a prompt of --prompt-length {length} needs as many.");
        var random = new Random(number);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
            {
                int first = random.Next(tokens.Count - length + 1);
                return Enumerable.Range(first, length).Select(place => tokens[place]).ToArray();
            }),
        ];
    }
}
