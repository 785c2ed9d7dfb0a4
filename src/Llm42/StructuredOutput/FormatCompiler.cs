using Llm42.Core.Sampling;
using Llm42.StructuredOutput.Masking;
using Llm42.Tokenization;

namespace Llm42.StructuredOutput;

/// <summary>Compiles formats for a model, and keeps those that were asked for last. For any thread.</summary>
internal sealed class FormatCompiler
{
    private const int Capacity = 16;

    private readonly int _vocabulary;
    private readonly Lazy<TokenTrie> _trie;
    private readonly Lock _lock = new();
    private readonly LinkedList<(string Key, Lazy<CompiledFormat> Format)> _recent = [];

    /// <summary>A compiler for a model.</summary>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="vocabulary">Tokens that it chooses from.</param>
    /// <param name="eosTokenIds">Its end tokens; never text.</param>
    public FormatCompiler(ITokenizer tokenizer, int vocabulary, IReadOnlySet<int> eosTokenIds)
    {
        _vocabulary = vocabulary;
        _trie = new Lazy<TokenTrie>(() => new TokenTrie([.. Enumerable.Range(0, Math.Min(vocabulary, tokenizer.VocabularySize))
            .Select(id => eosTokenIds.Contains(id) ? null : CallMarkers.BytesOf(tokenizer.GetTokenBytes(id), tokenizer.IsSpecial(id)))]));
    }

    /// <summary>The constraint of a format, in its state before the first token.</summary>
    /// <param name="format">The format.</param>
    /// <param name="endTokens">Tokens that may end an answer of this format, wherever it is complete.</param>
    /// <exception cref="ArgumentException">The format allows nothing, or is not for this tokenizer.</exception>
    public ITokenConstraint Compile(OutputFormat format, IReadOnlySet<int> endTokens)
    {
        var key = $"{string.Join(',', endTokens.Order())} {format.ToJson()}";
        Lazy<CompiledFormat>? compiled = null;
        lock (_lock)
        {
            for (var node = _recent.First; node is not null && compiled is null; node = node.Next)
            {
                if (node.Value.Key != key)
                    continue;
                compiled = node.Value.Format;
                _recent.Remove(node);
            }
            compiled ??= new Lazy<CompiledFormat>(() => Create(format, endTokens));
            _recent.AddFirst((key, compiled));
            if (_recent.Count > Capacity)
                _recent.RemoveLast();
        }
        return compiled.Value.Start;
    }

    private CompiledFormat Create(OutputFormat format, IReadOnlySet<int> endTokens)
    {
        var compiled = new CompiledFormat(format.ToGrammar(), _trie.Value, _vocabulary, [.. endTokens]);
        compiled.Prepare();
        return compiled;
    }
}
