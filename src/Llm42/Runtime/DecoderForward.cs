using Llm42.Models;
using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Runtime;

/// <summary>The forward pass from token ids to the residual stream behind the last layer.</summary>
internal sealed class DecoderForward
{
    private readonly ModelConfig _config;
    private readonly ModelWeights _weights;
    private readonly Activations _activations;
    private readonly NativeStream _stream;
    private readonly NativeKvCache _cache;
    private readonly NativeBuffer _ropeTable;
    private readonly int _ropePositions;
    private readonly float _scale;
    private readonly int _hiddenBytes;

    public DecoderForward(
        ModelConfig config,
        ModelWeights weights,
        Activations activations,
        NativeStream stream,
        NativeKvCache cache,
        NativeBuffer ropeTable,
        int ropePositions,
        DType activationType)
    {
        _config = config;
        _weights = weights;
        _activations = activations;
        _stream = stream;
        _cache = cache;
        _ropeTable = ropeTable;
        _ropePositions = ropePositions;
        _scale = (float)(1 / Math.Sqrt(config.HeadSize));
        _hiddenBytes = config.HiddenSize * activationType.ElementSize();
    }

    /// <summary>Launches the pass.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="ids">Their tokens.</param>
    /// <param name="step">How often they have run before in the same plan.</param>
    /// <param name="numerics">Fast or invariant.</param>
    /// <param name="capture">Hashes the residual stream; null for nobody.</param>
    public void Launch(StepBatch batch, BufferView ids, int step, Numerics numerics, LayerCapture? capture)
    {
        Operators.Embedding(_stream, new EmbeddingArguments
        {
            Rows = batch.Rows,
            Table = _weights.Embedding,
            Ids = ids,
            Output = _activations.Hidden,
        });
        capture?.Residual(_activations.Hidden, _hiddenBytes);
        for (var layer = 0; layer < _weights.Layers.Count; layer++)
        {
            Attend(batch, step, numerics, layer);
            capture?.Residual(_activations.Hidden, _hiddenBytes);
            FeedForward(batch, numerics, layer);
            capture?.Residual(_activations.Hidden, _hiddenBytes);
        }
    }

    private void Attend(StepBatch batch, int step, Numerics numerics, int layer)
    {
        var weights = _weights.Layers[layer];
        Norm(batch.Rows, numerics, weights.AttentionNorm);
        Linear(batch.Rows, numerics, weights.QueryKeyValue, _activations.Normed, _activations.QueryKeyValue);
        Operators.RopeWriteKv(_stream, new RopeWriteKvArguments
        {
            Rows = batch.Rows,
            QueryHeads = _config.QueryHeads,
            RotarySize = _config.Rope.RotarySize,
            TablePositions = _ropePositions,
            Layer = layer,
            Cache = _cache,
            Qkv = _activations.QueryKeyValue,
            Positions = batch.Positions(step),
            Slots = batch.Slots(step),
            Table = _ropeTable,
        });
        Operators.Attention(_stream, new AttentionArguments
        {
            Rows = batch.Rows,
            Sequences = batch.Sequences,
            QueryHeads = _config.QueryHeads,
            Layer = layer,
            Numerics = numerics,
            MaxBlocks = batch.MaxBlocks,
            Scale = _scale,
            Cache = _cache,
            Query = _activations.QueryKeyValue,
            QueryStride = _config.QueryWidth + (2 * _config.KvWidth),
            SequenceStarts = batch.SequenceStarts,
            Positions = batch.Positions(step),
            BlockTables = batch.BlockTables,
            Output = _activations.Attended,
        });
        AddLinear(batch.Rows, numerics, weights.AttentionOutput, _activations.Attended);
    }

    private void FeedForward(StepBatch batch, Numerics numerics, int layer)
    {
        var weights = _weights.Layers[layer];
        Norm(batch.Rows, numerics, weights.MlpNorm);
        Linear(
            batch.Rows, numerics, weights.GateUp, _activations.Normed, _activations.Gated, Epilogue.SwiGlu);
        AddLinear(batch.Rows, numerics, weights.Down, _activations.Gated);
    }

    private void Norm(int rows, Numerics numerics, NativeBuffer weight) =>
        Operators.RmsNorm(_stream, new RmsNormArguments
        {
            Rows = rows,
            Width = _config.HiddenSize,
            Numerics = numerics,
            Epsilon = _config.RmsNormEpsilon,
            Input = _activations.Hidden,
            Weight = weight,
            Output = _activations.Normed,
        });

    private void Linear(
        int rows,
        Numerics numerics,
        LinearWeights linear,
        NativeBuffer input,
        NativeBuffer output,
        Epilogue epilogue = Epilogue.None) => Operators.Linear(_stream, new LinearArguments
        {
            Rows = rows,
            Numerics = numerics,
            Epilogue = epilogue,
            Weight = linear.Weight,
            Input = input,
            Bias = linear.Bias,
            Output = output,
        });

    /// <summary>Adds a linear layer's output to the residual stream.</summary>
    private void AddLinear(int rows, Numerics numerics, LinearWeights linear, NativeBuffer input) =>
        Operators.Linear(_stream, new LinearArguments
        {
            Rows = rows,
            Numerics = numerics,
            Epilogue = Epilogue.Residual,
            Weight = linear.Weight,
            Input = input,
            Bias = linear.Bias,
            Residual = _activations.Hidden,
            Output = _activations.Hidden,
        });
}
