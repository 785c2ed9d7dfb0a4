namespace Llm42.Tokenization.Normalizers;

/// <summary>Normalizers one after another; none at all leaves the text as it is.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<Normalizer> normalizers) : Normalizer
{
    // Normalizers that each double a text would fill any memory together.
    private const int BaseLength = 1 << 20;
    private const int LongestGrowth = 64;

    public override string Normalize(string text)
    {
        long longest = BaseLength + (long)LongestGrowth * text.Length;
        foreach (Normalizer normalizer in normalizers)
        {
            text = normalizer.Normalize(text);
            if (text.Length > longest)
            {
                throw new InvalidOperationException(
                    $"The tokenizer's normalizers make more than {longest} characters of a text; they are not those of a real model.");
            }
        }

        return text;
    }
}
