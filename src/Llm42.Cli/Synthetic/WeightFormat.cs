using System.Runtime.InteropServices;

namespace Llm42.Cli.Synthetic;

/// <summary>How the matrices of a synthetic model are stored, and multiplied with.</summary>
/// <param name="Word">On the command line.</param>
/// <param name="Safetensors">As safetensors call it; null where they have no such type.</param>
/// <param name="Ggml">Its number in GGUF.</param>
/// <param name="BlockElements">Elements of a block.</param>
/// <param name="BlockSize">Bytes of a block.</param>
internal sealed record WeightFormat(string Word, string? Safetensors, int Ggml, int BlockElements, int BlockSize)
{
    public static readonly WeightFormat Bf16 = new("bf16", "BF16", 30, 1, 2);
    public static readonly WeightFormat F32 = new("f32", "F32", 0, 1, 4);

    /// <summary>A factor in f16 and 32 signed bytes, for GGUF.</summary>
    public static readonly WeightFormat Q8 = new("q8_0", null, 8, 32, 34);

    /// <summary>Stored as bf16, and multiplied as int8 by int8: a signed byte for each element.</summary>
    public static readonly WeightFormat Int8 = new("int8", Bf16.Safetensors, Bf16.Ggml, 1, 1);

    /// <summary>Of a model that is not made here: as it is stored.</summary>
    public static readonly WeightFormat Original = new("original", null, 0, 1, 0);

    /// <summary>What an engine of this project can be given.</summary>
    public static IReadOnlyList<WeightFormat> OfEngine { get; } = [Bf16, F32, Int8];

    /// <summary>What llama.cpp is given.</summary>
    public static IReadOnlyList<WeightFormat> OfPeer { get; } = [Bf16, F32, Q8];

    /// <summary>The format of the files.</summary>
    public WeightFormat Stored => this == Int8 ? Bf16 : this;

    /// <summary>What llama.cpp has that comes next to it.</summary>
    public WeightFormat Peer => this == Int8 ? Q8 : this;

    /// <summary>How an engine is asked to multiply with it: <see cref="InferenceEngineOptions.WeightFormat"/>.</summary>
    public string OfEngineOptions => this == Int8 ? "int8" : "original";

    /// <summary>Bytes of so many elements, a whole number of blocks.</summary>
    public long BytesOf(long count) => count / BlockElements * BlockSize;

    /// <summary>Elements from a place on, stored; the place is the first of a block.</summary>
    public void Fill(WeightNoise noise, long place, Span<byte> bytes)
    {
        if (this == Bf16)
        {
            noise.Fill(place, MemoryMarshal.Cast<byte, ushort>(bytes));
            return;
        }

        if (this == F32)
        {
            noise.Fill(place, MemoryMarshal.Cast<byte, float>(bytes));
            return;
        }

        float[] values = new float[bytes.Length / BlockSize * BlockElements];
        noise.Fill(place, values);
        for (int block = 0; block * BlockSize < bytes.Length; block++)
            Quantize(values.AsSpan(block * BlockElements, BlockElements), bytes.Slice(block * BlockSize, BlockSize));
    }

    private static void Quantize(ReadOnlySpan<float> values, Span<byte> block)
    {
        float most = 0;
        foreach (float value in values)
            most = Math.Max(most, Math.Abs(value));
        float step = most / 127;
        MemoryMarshal.Write(block, BitConverter.HalfToUInt16Bits((Half)step));
        for (int i = 0; i < values.Length; i++)
            block[2 + i] = (byte)(sbyte)(step == 0 ? 0 : MathF.Round(values[i] / step));
    }
}
