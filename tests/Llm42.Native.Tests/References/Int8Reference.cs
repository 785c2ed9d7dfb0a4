namespace Llm42.Native.Tests.References;

/// <summary>Rows as int8 with a scale each, as the header of weights defines it.</summary>
internal sealed class Int8Reference
{
    private Int8Reference(sbyte[] elements, float[] scales) => (Elements, Scales) = (elements, scales);

    public sbyte[] Elements { get; }

    public float[] Scales { get; }

    /// <summary>Quantises finite rows.</summary>
    public static Int8Reference Quantize(float[] values, int columns)
    {
        sbyte[] elements = new sbyte[values.Length];
        float[] scales = new float[values.Length / columns];
        for (int row = 0; row < scales.Length; ++row)
        {
            float largest = 0;
            for (int k = 0; k < columns; ++k)
            {
                largest = Math.Max(largest, Math.Abs(values[row * columns + k]));
            }

            float scale = largest / 127;
            scales[row] = scale < MathF.ScaleB(1, -126) ? 0 : scale;
            for (int k = 0; k < columns && scales[row] != 0; ++k)
            {
                elements[row * columns + k] = (sbyte)MathF.Round(values[row * columns + k] / scale, MidpointRounding.ToEven);
            }
        }

        return new Int8Reference(elements, scales);
    }

    /// <summary>Elements times scales.</summary>
    public float[] Values()
    {
        int columns = Elements.Length / Scales.Length;
        return [.. Elements.Select((element, i) => element * Scales[i / columns])];
    }
}
