namespace Llm42.Native.Tests.References;

/// <summary>Philox4x32-10 (Salmon et al., 2011), written from the paper.</summary>
internal static class Philox
{
    public static uint[] Generate(uint[] counter, uint[] key)
    {
        (uint c0, uint c1, uint c2, uint c3) = (counter[0], counter[1], counter[2], counter[3]);
        (uint k0, uint k1) = (key[0], key[1]);
        for (int round = 0; round < 10; ++round)
        {
            ulong product0 = 0xD2511F53UL * c0;
            ulong product1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = (
                (uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }

        return [c0, c1, c2, c3];
    }

    /// <summary>The Gumbel noise of a token, as native/include/llm42/sampling.h defines it.</summary>
    public static double Gumbel(ulong seed, long position, int token)
    {
        uint word = Generate(
            [(uint)token / 4, (uint)position, (uint)((ulong)position >> 32), 0],
            [(uint)seed, (uint)(seed >> 32)])[token % 4];
        double u = ((word >> 8) + 0.5) / (1 << 24);
        return -Math.Log(-Math.Log(u));
    }
}
