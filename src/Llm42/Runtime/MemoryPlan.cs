using Llm42.Models;
using Llm42.Native;
using Llm42.Weights;

namespace Llm42.Runtime;

/// <summary>What a model takes of a device beside its KV cache, in bytes.</summary>
/// <param name="Weights">Weights as the device multiplies them.</param>
/// <param name="WorkSpace">Activations and logits of the largest step.</param>
/// <param name="RopeTable">Cosines and sines of all positions.</param>
internal readonly record struct MemoryPlan(long Weights, long WorkSpace, long RopeTable)
{
    /// <summary>All of it.</summary>
    public long Total => Weights + WorkSpace + RopeTable;

    /// <summary>What a model will take.</summary>
    /// <param name="config">The model.</param>
    /// <param name="spec">Its weights.</param>
    /// <param name="source">What holds them.</param>
    /// <param name="options">Sizes of the executor.</param>
    /// <param name="activationType">dtype of the device's activations.</param>
    public static MemoryPlan Of(ModelConfig config, DecoderSpec spec, IWeightSource source, ExecutorOptions options, DType activationType) => new(
        ModelWeightsLoader.SizeOf(spec, source, options, activationType),
        Activations.SizeOf(config, activationType, options.MaxBatchTokens) + Predictor.SizeOf(config, activationType, options.MaxBatchTokens),
        (options.MaxContext == 0 ? config.MaxContext : options.MaxContext) * RopeBytesPerPosition(config));

    /// <summary>A row of the table.</summary>
    public static long RopeBytesPerPosition(ModelConfig config) => (long)config.Rope.RotarySize * sizeof(float);
}
