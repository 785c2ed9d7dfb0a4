using Llm42.Tokenization;

namespace Llm42.Tests.Engine;

/// <summary>Ids 0..25 are the letters a..z; 26 is a special token.</summary>
internal sealed class LetterTokenizer : ITokenizer
{
    public const int Size = 27;
    public const int Special = 26;

    public int VocabularySize => Size;

    public string Fingerprint => "letters";

    public int[] Encode(string text, bool addSpecialTokens) => [.. text.Select(letter => letter - 'a')];

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens) =>
        string.Concat(ids.ToArray().Where(id => id != Special).Select(id => (char)('a' + id)));

    public IncrementalDetokenizer CreateDetokenizer(bool skipSpecialTokens) => new Detokenizer();

    public bool TryGetId(string token, out int id)
    {
        id = token[0] - 'a';
        return true;
    }

    public string? IdToToken(int id) => null;

    public byte[]? GetTokenBytes(int id) => id < Special ? [(byte)('a' + id)] : [];

    public bool IsSpecial(int id) => id == Special;

    private sealed class Detokenizer : IncrementalDetokenizer
    {
        public override string Append(int id) => id == Special ? "" : ((char)('a' + id)).ToString();

        public override string Flush() => "";

        public override IncrementalDetokenizer Fork() => this;
    }
}
