using Llm42.Models;
using Llm42.Native;
using Llm42.Runtime;
using Llm42.Weights;

namespace Llm42.Inspection;

/// <summary>Reckons what an engine would allocate, with the rules by which it does.</summary>
internal static class MemoryInspection
{
    /// <summary>Reckons it.</summary>
    /// <param name="config">The model.</param>
    /// <param name="spec">Its weights.</param>
    /// <param name="source">What holds them.</param>
    /// <param name="options">Sizes of the executor.</param>
    /// <param name="device">The device, on which nothing has been allocated.</param>
    /// <exception cref="ArgumentException">An option is out of range, whatever the memory.</exception>
    public static (MemoryDescription Memory, KvCacheSizing Kv) Of(
        ModelConfig config, DecoderSpec spec, IWeightSource source, ExecutorOptions options, NativeDeviceInfo device)
    {
        // With memory without end only what is wrong in itself is refused.
        _ = KvCacheSizing.Of(config, options, long.MaxValue / 2, 1);
        var plan = MemoryPlan.Of(config, spec, source, options, device.ActivationType);
        var available = AvailableMemory.Of(device);
        KvCacheSizing kv = default;
        string? problem = null;
        try
        {
            kv = KvCacheSizing.Of(config, options, available - plan.Total, AvailableMemory.DefaultShare(device));
        }
        catch (ArgumentException error)
        {
            problem = plan.Total > available
                ? $"The weights, the work space and the rope table take {ByteSize.Format(plan.Total)}, but {ByteSize.Format(available)} are available."
                : error.Message;
        }
        var perToken = KvBytesPerToken(config, options.KvType);
        var memory = new MemoryDescription(
            plan.Weights,
            plan.WorkSpace,
            plan.RopeTable,
            kv.Bytes,
            available,
            perToken,
            KvBytesPerToken(config, DType.Bf16),
            KvBytesPerToken(config, DType.F32),
            config.MaxContext,
            LongestContext(config, options.PageSize, perToken, available - plan.Weights - plan.WorkSpace),
            options.MaxSequences,
            (int)Math.Min(kv.MaxContext, (long)kv.Pages / options.MaxSequences * options.PageSize),
            problem);
        return (memory, kv);
    }

    private static long KvBytesPerToken(ModelConfig config, DType type) => 2L * config.Layers * config.KvWidth * type.ElementSize();

    /// <summary>The longest context whose pages, with one for scratch, and whose rope table fit into so many bytes.</summary>
    private static int LongestContext(ModelConfig config, int pageSize, long perToken, long bytes)
    {
        var rope = MemoryPlan.RopeBytesPerPosition(config);
        var pages = (bytes - (perToken * pageSize)) / ((perToken + rope) * pageSize);
        return (int)Math.Clamp(pages * pageSize, 0, config.MaxContext);
    }
}
