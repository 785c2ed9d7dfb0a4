namespace Llm42.Tokenization.Unicode;

/// <summary>A set of code points, one bit each.</summary>
internal sealed class CodePointBits
{
    private readonly ulong[] _bits = new ulong[0x110000 / 64];

    public void Add(int codePoint) => _bits[codePoint >> 6] |= 1UL << (codePoint & 63);

    public void Add(int first, int last)
    {
        for (int codePoint = first; codePoint <= last; codePoint++)
        {
            Add(codePoint);
        }
    }

    public bool Contains(int codePoint) => (_bits[codePoint >> 6] >> (codePoint & 63) & 1) != 0;
}
