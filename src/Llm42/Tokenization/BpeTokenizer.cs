using System.Collections.Concurrent;
using System.Text;
using Llm42.Tokenization.AddedTokens;
using Llm42.Tokenization.Bpe;
using Llm42.Tokenization.Decoders;
using Llm42.Tokenization.Normalizers;
using Llm42.Tokenization.PostProcessors;
using Llm42.Tokenization.PreTokenizers;
using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization;

/// <summary>
/// A byte-pair encoding tokenizer, byte-level or with byte fallback, as <see cref="TokenizerJson"/> reads it.
/// Encoding goes: added tokens in the text, normalizer, added tokens in the normalized text, pre-tokenizers, BPE, template.
/// </summary>
public sealed class BpeTokenizer : ITokenizer
{
    private readonly Vocabulary _vocabulary;
    private readonly AddedTokenSplitter _rawTokens;
    private readonly AddedTokenSplitter _normalizedTokens;
    private readonly Normalizer? _normalizer;
    private readonly PreTokenizer[] _preTokenizers;
    private readonly BpeModel _model;
    private readonly SpecialTokenTemplate[] _templates;
    private readonly DecoderStage _decoder;
    private readonly ConcurrentBag<EncodeScratch> _scratches = [];

    internal BpeTokenizer(
        string fingerprint,
        Vocabulary vocabulary,
        IReadOnlyList<AddedToken> addedTokens,
        Normalizer? normalizer,
        PreTokenizer[] preTokenizers,
        BpeModel model,
        SpecialTokenTemplate[] templates,
        IReadOnlyList<DecoderStage> decoders)
    {
        Fingerprint = fingerprint;
        _vocabulary = vocabulary;
        _normalizer = normalizer;
        _preTokenizers = preTokenizers;
        _model = model;
        _templates = templates;
        _decoder = StagedDetokenizer.Link(decoders);
        _rawTokens = new AddedTokenSplitter(addedTokens.Where(token => !token.IsNormalized).Select(token => (token.Content, token)));
        _normalizedTokens = new AddedTokenSplitter(addedTokens
            .Where(token => token.IsNormalized)
            .Select(token => (normalizer?.Normalize(token.Content) ?? token.Content, token)));
    }

    /// <inheritdoc/>
    public int VocabularySize => _vocabulary.Size;

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public int[] Encode(string text, bool addSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        EncodeScratch scratch = _scratches.TryTake(out EncodeScratch? kept) ? kept : new EncodeScratch();
        var ids = new List<int>(text.Length / 3 + 8);
        EncodeText(WellFormed.Repair(text), scratch, ids);
        _scratches.Add(scratch);
        foreach (SpecialTokenTemplate template in _templates)
        {
            ids = template.Apply(ids, addSpecialTokens);
        }

        return [.. ids];
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens)
    {
        var detokenizer = new StagedDetokenizer(_vocabulary, _decoder, skipSpecialTokens);
        foreach (int id in ids)
        {
            detokenizer.Write(id);
        }

        return detokenizer.Flush();
    }

    /// <inheritdoc/>
    public IncrementalDetokenizer CreateDetokenizer(bool skipSpecialTokens) =>
        new StagedDetokenizer(_vocabulary, _decoder, skipSpecialTokens);

    /// <inheritdoc/>
    public bool TryGetId(string token, out int id)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _vocabulary.TryGetId(token, out id);
    }

    /// <inheritdoc/>
    public string? IdToToken(int id) => _vocabulary.Token(id);

    /// <inheritdoc/>
    public byte[]? GetTokenBytes(int id)
    {
        if (_vocabulary.Token(id) is not { } token)
        {
            return null;
        }

        var content = new TokenContent(token);
        for (DecoderStage? stage = _decoder; stage is not null && content.Bytes is null; stage = stage.Next)
        {
            content = stage.Map(content);
        }

        return content.Bytes ?? Encoding.UTF8.GetBytes(content.Text);
    }

    /// <inheritdoc/>
    public bool IsSpecial(int id) => _vocabulary.IsSpecial(id);

    private void EncodeText(string text, EncodeScratch scratch, List<int> ids)
    {
        int position = 0;
        while (position < text.Length)
        {
            AddedToken? token = _rawTokens.Find(text, position, out int start, out int end);
            if (start > position)
            {
                EncodeSection(Section(text, position, start), isAtOrigin: position == 0, scratch, ids);
            }

            if (token is not null)
            {
                ids.Add(token.Id);
            }

            position = end;
        }
    }

    private void EncodeSection(string section, bool isAtOrigin, EncodeScratch scratch, List<int> ids)
    {
        string text = _normalizer?.Normalize(section) ?? section;
        int position = 0;
        while (position < text.Length)
        {
            AddedToken? token = _normalizedTokens.Find(text, position, out int start, out int end);
            if (start > position)
            {
                EncodePiece(text.AsSpan(position, start - position), isAtOrigin && position == 0, scratch, ids);
            }

            if (token is not null)
            {
                ids.Add(token.Id);
            }

            position = end;
        }
    }

    private void EncodePiece(ReadOnlySpan<char> piece, bool isAtOrigin, EncodeScratch scratch, List<int> ids)
    {
        if (_preTokenizers.Length == 0)
        {
            _model.Encode(piece, scratch.Bpe, ids);
            return;
        }

        scratch.Pieces.Clear();
        _preTokenizers[0].Split(piece, isAtOrigin, scratch.Pieces);
        foreach (PreTokenizer preTokenizer in _preTokenizers.AsSpan(1))
        {
            scratch.NextPieces.Clear();
            for (int i = 0; i < scratch.Pieces.Count; i++)
            {
                preTokenizer.Split(scratch.Pieces[i], scratch.Pieces.IsAtOrigin(i), scratch.NextPieces);
            }

            (scratch.Pieces, scratch.NextPieces) = (scratch.NextPieces, scratch.Pieces);
        }

        for (int i = 0; i < scratch.Pieces.Count; i++)
        {
            _model.Encode(scratch.Pieces[i], scratch.Bpe, ids);
        }
    }

    private static string Section(string text, int start, int end) =>
        start == 0 && end == text.Length ? text : text[start..end];
}
