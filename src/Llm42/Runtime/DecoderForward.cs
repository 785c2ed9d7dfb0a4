using Llm42.Core.Profiling;
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
    private readonly OperatorProfile? _profile;

    public DecoderForward(
        ModelConfig config,
        ModelWeights weights,
        Activations activations,
        NativeStream stream,
        NativeKvCache cache,
        NativeBuffer ropeTable,
        int ropePositions,
        DType activationType,
        OperatorProfile? profile)
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
        _profile = profile;
        if (config.Moe is not null)
            _moe = new MoeForward(config.Moe, config.HiddenSize, activations.Moe!, stream, profile, _elementSize);
    }

    private int QueryKeyValueWidth => _config.QueryWidth + (2 * _config.KvWidth);

    /// <summary>
    /// Launches the pass. Behind the last attention only what is predicted is needed: where rows do not see each other, and
    /// nobody looks at the rest, the others go no further.
    /// </summary>
    /// <param name="batch">The rows.</param>
    /// <param name="ids">Their tokens.</param>
    /// <param name="step">How often they have run before in the same plan.</param>
    /// <param name="shape">Numerics and weights of the step.</param>
    /// <param name="capture">Hashes the residual stream; null for nobody.</param>
    /// <returns>The residual stream behind the last layer: of all rows, or of the predicted ones.</returns>
    public FinalHidden Launch(StepBatch batch, BufferView ids, int step, StepShape shape, LayerCapture? capture)
    {
        _profile?.Begin();
        Operators.Embedding(_stream, new EmbeddingArguments
        {
            Rows = batch.Rows,
            Table = _weights.Embedding,
            Ids = ids,
            Output = _activations.Hidden,
        });
        _profile?.End(StepPart.Embedding);
        var hiddenBytes = _config.HiddenSize * _elementSize;
        capture?.Residual(_activations.Hidden, hiddenBytes);
        var whole = new Residual(_activations.Hidden, _activations.Normed, batch.Rows);
        var last = _weights.Layers.Count - 1;
        for (var layer = 0; layer <= last; layer++)
        {
            Attend(batch, step, shape, layer);
            if (layer == last && capture is null && shape.DropsUnpredictedRows)
                return new FinalHidden(Finish(batch, shape, layer), IsGathered: true);
            AddLinear(whole, shape, StepPart.LinearOutput, _weights.Layers[layer].AttentionOutput, _activations.Attended);
            capture?.Residual(_activations.Hidden, hiddenBytes);
            FeedForward(whole, shape, layer);
            capture?.Residual(_activations.Hidden, hiddenBytes);
        }
        return new FinalHidden(_activations.Hidden, IsGathered: false);
    }

    /// <summary>What follows the last attention, for the predicted rows alone.</summary>
    /// <returns>Where their residual stream is.</returns>
    private NativeBuffer Finish(StepBatch batch, StepShape shape, int layer)
    {
        // Both are free by now, and the former at least as wide.
        var (attended, hidden) = (_activations.QueryKeyValue, _activations.Normed);
        if (shape.PredictedRows > 0)
        {
            Gather(batch, shape.PredictedRows, _config.QueryWidth, _activations.Attended, attended);
            Gather(batch, shape.PredictedRows, _config.HiddenSize, _activations.Hidden, hidden);
            var rest = new Residual(hidden, _activations.Hidden, shape.PredictedRows);
            AddLinear(rest, shape, StepPart.LinearOutput, _weights.Layers[layer].AttentionOutput, attended);
            FeedForward(rest, shape, layer);
        }
        return hidden;
    }

    private void Gather(StepBatch batch, int rows, int width, NativeBuffer input, NativeBuffer output)
    {
        _profile?.Begin();
        Operators.GatherRows(_stream, new GatherRowsArguments
        {
            Rows = rows,
            InputRows = batch.Rows,
            Width = width,
            Indices = batch.PredictedRows(0),
            Input = input,
            Output = output,
        });
        _profile?.End(StepPart.GatherRows);
    }

    private void Attend(StepBatch batch, int step, StepShape shape, int layer)
    {
        var numerics = shape.Numerics;
        var weights = _weights.Layers[layer];
        Norm(batch.Rows, numerics, weights.AttentionNorm, _activations.Hidden, _activations.Normed);
        Linear(batch.Rows, shape, StepPart.LinearQkv, weights.QueryKeyValue, _activations.Normed, _activations.QueryKeyValue, QueryKeyValueWidth);
        if (weights.QueryNorm is not null)
            NormHeads(batch.Rows, numerics, weights.QueryNorm, 0, _config.QueryHeads);
        if (weights.KeyNorm is not null)
            NormHeads(batch.Rows, numerics, weights.KeyNorm, _config.QueryHeads, _config.KvHeads);
        _profile?.Begin();
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
        _profile?.End(StepPart.RopeWriteKv);
        _profile?.Begin();
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
        _profile?.EndAttention(layer, step);
    }

    private void FeedForward(Residual residual, StepShape shape, int layer)
    {
        var weights = _weights.Layers[layer];
        Norm(residual.Rows, shape.Numerics, weights.MlpNorm, residual.Hidden, residual.Normed);
        switch (weights.FeedForward)
        {
            case MlpWeights mlp:
                Linear(
                    residual.Rows, shape, StepPart.LinearGateUp, mlp.GateUp, residual.Normed, _activations.Gated, _config.IntermediateSize,
                    Epilogue.SwiGlu);
                AddLinear(residual, shape, StepPart.LinearDown, mlp.Down, _activations.Gated);
                break;
            case MoeWeights moe:
                _moe!.Launch(residual.Rows, shape, moe, residual.Normed, residual.Hidden);
                break;
        }
    }

    private void Norm(int rows, Numerics numerics, NativeBuffer weight, NativeBuffer input, NativeBuffer output)
    {
        _profile?.Begin();
        Operators.RmsNorm(_stream, new RmsNormArguments
        {
            Rows = rows,
            Width = _config.HiddenSize,
            Numerics = numerics,
            Epsilon = _config.RmsNormEpsilon,
            Input = input,
            Weight = weight,
            Output = output,
        });
        _profile?.End(StepPart.RmsNorm);
    }

    /// <summary>Norms each of some consecutive heads of the queries and keys, in place.</summary>
    private void NormHeads(int rows, Numerics numerics, NativeBuffer weight, int firstHead, int heads)
    {
        var place = _activations.QueryKeyValue.At((long)firstHead * _config.HeadSize * _elementSize);
        _profile?.Begin();
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
        _profile?.End(StepPart.RmsNorm);
    }

    private void Linear(
        int rows,
        StepShape shape,
        StepPart part,
        LinearWeights linear,
        NativeBuffer input,
        NativeBuffer output,
        int outputWidth,
        Epilogue epilogue = Epilogue.None)
    {
        var weight = linear.Matrix.For(shape.IsDraft);
        _profile?.Begin();
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
        _profile?.EndLinear(part, weight, rows, outputWidth, _elementSize);
    }

    /// <summary>Adds a linear layer's output to the residual stream.</summary>
    private void AddLinear(Residual residual, StepShape shape, StepPart part, LinearWeights linear, NativeBuffer input) =>
        Linear(residual.Rows, shape, part, linear, input, residual.Hidden, _config.HiddenSize, Epilogue.Residual);

    /// <summary>Rows of the residual stream, and room for them normed.</summary>
    private readonly record struct Residual(NativeBuffer Hidden, NativeBuffer Normed, int Rows);
}
