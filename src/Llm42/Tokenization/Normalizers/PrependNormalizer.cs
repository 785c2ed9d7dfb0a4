namespace Llm42.Tokenization.Normalizers;

/// <summary>Puts a fixed text before every text that is not empty.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override string Normalize(string text) => text.Length == 0 ? text : prefix + text;
}
