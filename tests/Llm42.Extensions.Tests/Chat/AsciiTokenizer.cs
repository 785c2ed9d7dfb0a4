using Llm42.Tokenization;

namespace Llm42.Extensions.Tests.Chat;

/// <summary>Ids are the characters of ASCII; 0 ends an answer.</summary>
internal sealed class AsciiTokenizer : ITokenizer
{
    public const int Eos = 0;

    public int VocabularySize => 128;

    public string Fingerprint => "ascii";

    public int[] Encode(string text, bool addSpecialTokens) => [.. text.Select(letter => (int)letter)];

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens) => string.Concat(ids.ToArray().Select(id => (char)id));

    public IncrementalDetokenizer CreateDetokenizer(bool skipSpecialTokens) => new Detokenizer();

    public bool TryGetId(string token, out int id)
    {
        id = token[0];
        return true;
    }

    public string? IdToToken(int id) => ((char)id).ToString();

    public byte[]? GetTokenBytes(int id) => [(byte)id];

    public bool IsSpecial(int id) => id == Eos;

    private sealed class Detokenizer : IncrementalDetokenizer
    {
        public override string Append(int id) => ((char)id).ToString();

        public override string Flush() => "";

        public override IncrementalDetokenizer Fork() => this;
    }
}
