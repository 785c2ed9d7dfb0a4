namespace Llm42.Cli.Stress;

/// <summary>Random numbers that are the same in every process for the same seed, purpose and number.</summary>
internal static class SeededRandom
{
    public const int Requests = 1;
    public const int Configuration = 2;
    public const int Load = 3;

    /// <summary>A generator of its own for each purpose and number, so that a change of one leaves the others alone.</summary>
    public static Random Of(ulong seed, int purpose, int number)
    {
        // The finaliser of SplitMix64: neighbouring inputs give unrelated seeds.
        ulong mixed = unchecked(seed + (0x9E3779B97F4A7C15UL * ((ulong)purpose << 32 | (uint)number)));
        mixed = unchecked((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9UL);
        mixed = unchecked((mixed ^ mixed >> 27) * 0x94D049BB133111EBUL);
        return new Random(unchecked((int)(mixed ^ mixed >> 31)));
    }
}
