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
    private readonly int _elementSize;
    private readonly MoeForward? _moe;

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
        _elementSize = activationType.ElementSize();
        if (config.Moe is not null)
            _moe = new MoeForward(config.Moe, config.HiddenSize, activations.Moe!, stream);
    }

    private int QueryKeyValueWidth => _config.QueryWidth + (2 * _config.KvWidth);

    /// <summary>Launches the pass.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="ids">Their tokens.</param>
    /// <param name="step">How often they have run before in the same plan.</param>
    /// <param name="shape">Numerics and weights of the step.</param>
    /// <param name="capture">Hashes the residual stream; null for nobody.</param>
    public void Launch(StepBatch batch, BufferView ids, int step, StepShape shape, LayerCapture? capture)
    {
        Operators.Embedding(_stream, new EmbeddingArguments
        {
            Rows = batch.Rows,
            Table = _weights.Embedding,
            Ids = ids,
            Output = _activations.Hidden,
        });
        var hiddenBytes = _config.HiddenSize * _elementSize;
        capture?.Residual(_activations.Hidden, hiddenBytes);
        for (var layer = 0; layer < _weights.Layers.Count; layer++)
        {
            Attend(batch, step, shape, layer);
            capture?.Residual(_activations.Hidden, hiddenBytes);
            FeedForward(batch.Rows, shape, layer);
            capture?.Residual(_activations.Hidden, hiddenBytes);
        }
    }

    private void Attend(StepBatch batch, int step, StepShape shape, int layer)
    {
        var numerics = shape.Numerics;
        var weights = _weights.Layers[layer];
        Norm(batch.Rows, numerics, weights.AttentionNorm);
        Linear(batch.Rows, shape, weights.QueryKeyValue, _activations.Normed, _activations.QueryKeyValue);
        if (weights.QueryNorm is not null)
            NormHeads(batch.Rows, numerics, weights.QueryNorm, 0, _config.QueryHeads);
        if (weights.KeyNorm is not null)
            NormHeads(batch.Rows, numerics, weights.KeyNorm, _config.QueryHeads, _config.KvHeads);
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
            Window = _config.Windows[layer],
            Scale = _scale,
            Cache = _cache,
            Query = _activations.QueryKeyValue,
            QueryStride = QueryKeyValueWidth,
            SequenceStarts = batch.SequenceStarts,
            Positions = batch.Positions(step),
            BlockTables = batch.BlockTables,
            Output = _activations.Attended,
        });
        AddLinear(batch.Rows, shape, weights.AttentionOutput, _activations.Attended);
    }

    private void FeedForward(int rows, StepShape shape, int layer)
    {
        var weights = _weights.Layers[layer];
        Norm(rows, shape.Numerics, weights.MlpNorm);
        switch (weights.FeedForward)
        {
            case MlpWeights mlp:
                Linear(rows, shape, mlp.GateUp, _activations.Normed, _activations.Gated, Epilogue.SwiGlu);
                AddLinear(rows, shape, mlp.Down, _activations.Gated);
                break;
            case MoeWeights moe:
                _moe!.Launch(rows, shape, moe, _activations.Normed, _activations.Hidden);
                break;
        }
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

    /// <summary>Norms each of some consecutive heads of the queries and keys, in place.</summary>
    private void NormHeads(int rows, Numerics numerics, NativeBuffer weight, int firstHead, int heads)
    {
        var place = _activations.QueryKeyValue.At((long)firstHead * _config.HeadSize * _elementSize);
        Operators.RmsNorm(_stream, new RmsNormArguments
        {
            Rows = rows,
            Groups = heads,
            Width = _config.HeadSize,
            Numerics = numerics,
            Epsilon = _config.RmsNormEpsilon,
            Input = place,
            InputStride = QueryKeyValueWidth,
            Weight = weight,
            Output = place,
            OutputStride = QueryKeyValueWidth,
        });
    }

    private void Linear(
        int rows,
        StepShape shape,
        LinearWeights linear,
        NativeBuffer input,
        NativeBuffer output,
        Epilogue epilogue = Epilogue.None)
    {
        var weight = linear.Matrix.For(shape.IsDraft);
        Operators.Linear(_stream, new LinearArguments
        {
            Rows = rows,
            Numerics = shape.Numerics,
            Epilogue = epilogue,
            ComputeType = MatrixWeights.ComputeTypeOf(weight),
            Weight = weight,
            Input = input,
            Bias = linear.Bias,
            Residual = epilogue == Epilogue.Residual ? output : default(BufferView),
            Output = output,
        });
    }

    /// <summary>Adds a linear layer's output to the residual stream.</summary>
    private void AddLinear(int rows, StepShape shape, LinearWeights linear, NativeBuffer input) =>
        Linear(rows, shape, linear, input, _activations.Hidden, Epilogue.Residual);
}
