namespace Llm42.Tokenization.Normalizers;

/// <summary>Rewrites a text before it is cut into pieces.</summary>
internal abstract class Normalizer
{
    public abstract string Normalize(string text);
}
