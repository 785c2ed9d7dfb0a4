namespace Llm42.Tokenization.Normalizers;

/// <summary>Normalizers one after another; none at all leaves the text as it is.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<Normalizer> normalizers) : Normalizer
{
    public override string Normalize(string text)
    {
        foreach (Normalizer normalizer in normalizers)
        {
            text = normalizer.Normalize(text);
        }

        return text;
    }
}
