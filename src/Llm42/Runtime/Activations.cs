using Llm42.Models;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>The activations of a step, allocated once for the largest one.</summary>
internal sealed class Activations : IDisposable
{
    private readonly List<NativeBuffer> _owned = [];

    public Activations(NativeDevice device, ModelConfig config, DType dtype, int maxRows)
    {
        try
        {
            Hidden = Allocate(config.HiddenSize);
            Normed = Allocate(config.HiddenSize);
            QueryKeyValue = Allocate(QueryKeyValueWidth(config));
            Attended = Allocate(config.QueryWidth);
            Gated = Allocate(config.IntermediateSize);
            if (config.Moe is not null)
                Moe = new MoeActivations(device, config.HiddenSize, config.Moe, dtype, maxRows);
        }
        catch
        {
            Dispose();
            throw;
        }

        NativeBuffer Allocate(int width)
        {
            var buffer = NativeBuffer.Create(device, (long)maxRows * width * dtype.ElementSize());
            _owned.Add(buffer);
            return buffer;
        }
    }

    /// <summary>[rows, hidden]: the residual stream.</summary>
    public NativeBuffer Hidden { get; }

    /// <summary>[rows, hidden].</summary>
    public NativeBuffer Normed { get; }

    /// <summary>[rows, (H + 2 KV) x head size].</summary>
    public NativeBuffer QueryKeyValue { get; }

    /// <summary>[rows, H x head size].</summary>
    public NativeBuffer Attended { get; }

    /// <summary>[rows, intermediate].</summary>
    public NativeBuffer Gated { get; }

    /// <summary>Of the layers with experts; null for a model without.</summary>
    public MoeActivations? Moe { get; }

    /// <summary>Bytes that they take.</summary>
    public static long SizeOf(ModelConfig config, DType dtype, int maxRows) =>
        ((long)maxRows * dtype.ElementSize()
            * ((2L * config.HiddenSize) + QueryKeyValueWidth(config) + config.QueryWidth + config.IntermediateSize))
        + (config.Moe is null ? 0 : MoeActivations.SizeOf(config.HiddenSize, config.Moe, dtype, maxRows));

    public void Dispose()
    {
        Moe?.Dispose();
        foreach (var buffer in _owned)
            buffer.Dispose();
    }

    private static int QueryKeyValueWidth(ModelConfig config) => config.QueryWidth + (2 * config.KvWidth);
}
