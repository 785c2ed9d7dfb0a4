using Llm42.Models;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>What the experts of a layer work on, allocated once for the largest step.</summary>
internal sealed class MoeActivations : IDisposable
{
    private readonly List<NativeBuffer> _owned = [];

    public MoeActivations(NativeDevice device, int hiddenSize, MoeConfig moe, DType dtype, int maxRows)
    {
        var slots = (long)maxRows * moe.TopK;
        try
        {
            Logits = Allocate((long)maxRows * moe.Experts * sizeof(float));
            ExpertIds = Allocate(slots * sizeof(int));
            ExpertWeights = Allocate(slots * sizeof(float));
            Starts = Allocate((moe.Experts + 1L) * sizeof(int));
            Order = Allocate(slots * sizeof(int));
            Gated = Allocate(slots * moe.IntermediateSize * dtype.ElementSize());
            Output = Allocate(slots * hiddenSize * dtype.ElementSize());
        }
        catch
        {
            Dispose();
            throw;
        }

        NativeBuffer Allocate(long size)
        {
            var buffer = NativeBuffer.Create(device, size);
            _owned.Add(buffer);
            return buffer;
        }
    }

    /// <summary>f32 [rows, experts]: the router's output.</summary>
    public NativeBuffer Logits { get; }

    /// <summary>i32 [rows, top-k].</summary>
    public NativeBuffer ExpertIds { get; }

    /// <summary>f32 [rows, top-k].</summary>
    public NativeBuffer ExpertWeights { get; }

    /// <summary>i32 [experts + 1]: where the slots of each expert begin in <see cref="Order"/>.</summary>
    public NativeBuffer Starts { get; }

    /// <summary>i32 [rows x top-k]: slots by expert.</summary>
    public NativeBuffer Order { get; }

    /// <summary>[rows x top-k, width of an expert].</summary>
    public NativeBuffer Gated { get; }

    /// <summary>[rows x top-k, hidden].</summary>
    public NativeBuffer Output { get; }

    /// <summary>Bytes that they take.</summary>
    public static long SizeOf(int hiddenSize, MoeConfig moe, DType dtype, int maxRows)
    {
        var slots = (long)maxRows * moe.TopK;
        return ((long)maxRows * moe.Experts * sizeof(float))
            + (3 * slots * sizeof(int))
            + ((moe.Experts + 1L) * sizeof(int))
            + (slots * ((long)moe.IntermediateSize + hiddenSize) * dtype.ElementSize());
    }

    public void Dispose()
    {
        foreach (var buffer in _owned)
            buffer.Dispose();
    }
}
