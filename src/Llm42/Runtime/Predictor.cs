using System.Runtime.CompilerServices;
using Llm42.Core.Execution;
using Llm42.Core.Scheduling;
using Llm42.Models;
using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Runtime;

/// <summary>
/// From the residual stream to predictions: final norm, logits, choice of the token, log-probabilities. Works through
/// the predicted rows in chunks, so that the logits stay small whatever the vocabulary; rows do not see each other, so
/// the chunks leave no trace in the bits.
/// </summary>
internal sealed class Predictor : IDisposable
{
    private const long MaxLogitsBytes = 64 << 20;

    private readonly ModelConfig _config;
    private readonly ModelWeights _weights;
    private readonly Activations _activations;
    private readonly NativeStream _stream;
    private readonly int _chunkRows;
    private readonly SamplingRow[] _sampling;
    private readonly int[] _ids;
    private readonly float[] _margins;
    private readonly float[] _logprobs;
    private readonly RowRequest[] _requests;
    private readonly List<NativeBuffer> _owned = [];
    private readonly NativeBuffer _gathered;
    private readonly NativeBuffer _logits;
    private readonly NativeBuffer _samplingBuffer;
    private readonly NativeBuffer _idBuffer;
    private readonly NativeBuffer _marginBuffer;
    private readonly NativeBuffer _logprobBuffer;
    private TopBuffers? _top;
    private AdjustmentBuffers? _adjustments;

    public Predictor(
        NativeDevice device, ModelConfig config, ModelWeights weights, Activations activations, NativeStream stream,
        DType activationType, int maxRows)
    {
        _config = config;
        _weights = weights;
        _activations = activations;
        _stream = stream;
        Device = device;
        _chunkRows = ChunkRows(config, maxRows);
        _sampling = new SamplingRow[_chunkRows];
        _ids = new int[_chunkRows];
        _margins = new float[_chunkRows];
        _logprobs = new float[_chunkRows];
        _requests = new RowRequest[maxRows];
        try
        {
            _gathered = Allocate((long)_chunkRows * config.HiddenSize * activationType.ElementSize());
            _logits = Allocate((long)_chunkRows * config.VocabularySize * sizeof(float));
            _samplingBuffer = Allocate((long)_chunkRows * Unsafe.SizeOf<SamplingRow>());
            _idBuffer = Allocate((long)_chunkRows * sizeof(int));
            _marginBuffer = Allocate((long)_chunkRows * sizeof(float));
            _logprobBuffer = Allocate((long)_chunkRows * sizeof(float));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private NativeDevice Device { get; }

    /// <summary>Bytes that it takes, but for those of the most likely tokens.</summary>
    public static long SizeOf(ModelConfig config, DType activationType, int maxRows) =>
        ChunkRows(config, maxRows)
        * (((long)config.HiddenSize * activationType.ElementSize()) + ((long)config.VocabularySize * sizeof(float))
            + Unsafe.SizeOf<SamplingRow>() + sizeof(int) + (2 * sizeof(float)));

    /// <summary>Predicts behind the rows that the plan asks for.</summary>
    public RowPrediction[] Run(BatchPlan plan, StepBatch batch, Native.Numerics numerics, LayerCapture? capture)
    {
        var count = ReadRequests(plan);
        var predictions = new RowPrediction[count];
        for (var first = 0; first < count; first += _chunkRows)
        {
            var rows = Math.Min(_chunkRows, count - first);

            // Where the shape must not vary, the head is launched at one shape too, for a last short chunk as well.
            var launchedRows = plan.PaddedRows > 0 ? Math.Min(_chunkRows, plan.PaddedRows) : rows;
            ComputeLogits(batch, numerics, first, launchedRows);
            capture?.Logits(_logits, first, rows, _config.VocabularySize);
            Predict(_requests.AsSpan(first, rows), predictions.AsSpan(first, rows));
        }
        _requests.AsSpan(0, count).Clear(); // keeps no finished sequence alive
        return predictions;
    }

    public void Dispose()
    {
        _top?.Dispose();
        _adjustments?.Dispose();
        foreach (var buffer in _owned)
            buffer.Dispose();
    }

    private static int ChunkRows(ModelConfig config, int maxRows) =>
        (int)Math.Clamp(MaxLogitsBytes / ((long)config.VocabularySize * sizeof(float)), 1, maxRows);

    private int ReadRequests(BatchPlan plan)
    {
        var count = 0;
        foreach (var segment in plan.Segments)
        {
            for (var i = segment.FirstPredictedRow; i < segment.Rows; i++)
                _requests[count++] = RowRequest.Of(segment, i);
        }
        return count;
    }

    private void Predict(ReadOnlySpan<RowRequest> requests, Span<RowPrediction> predictions)
    {
        var rows = requests.Length;
        ChooseTokens(requests);
        var top = 0;
        foreach (var request in requests)
            top = Math.Max(top, request.Top);
        ComputeLogprobs(rows, top);

        for (var row = 0; row < rows; row++)
        {
            predictions[row] = new RowPrediction(
                _ids[row], _logprobs[row], _margins[row], requests[row].Top == 0 ? null : _top!.Row(row, requests[row].Top));
        }
    }

    private void ComputeLogits(StepBatch batch, Native.Numerics numerics, int first, int rows)
    {
        Operators.GatherRows(_stream, new GatherRowsArguments
        {
            Rows = rows,
            InputRows = batch.Rows,
            Width = _config.HiddenSize,
            Indices = batch.PredictedRows(first),
            Input = _activations.Hidden,
            Output = _gathered,
        });
        Operators.RmsNorm(_stream, new RmsNormArguments
        {
            Rows = rows,
            Width = _config.HiddenSize,
            Numerics = numerics,
            Epsilon = _config.RmsNormEpsilon,
            Input = _gathered,
            Weight = _weights.FinalNorm,
            Output = _gathered,
        });
        Operators.Linear(_stream, new LinearArguments
        {
            Rows = rows,
            Numerics = numerics,
            OutputType = DType.F32,
            Weight = _weights.Head,
            Input = _gathered,
            Output = _logits,
        });
    }

    private void ChooseTokens(ReadOnlySpan<RowRequest> requests)
    {
        var rows = requests.Length;
        for (var row = 0; row < rows; row++)
            _sampling[row] = requests[row].Sampling;
        _samplingBuffer.Upload<SamplingRow>(_stream, _sampling.AsSpan(0, rows));
        var adjustments = UploadAdjustments(requests);
        Operators.Sample(_stream, new SampleArguments
        {
            Rows = rows,
            Vocabulary = _config.VocabularySize,
            Logits = _logits,
            Sampling = _samplingBuffer,
            Ids = _idBuffer,
            Margins = _marginBuffer,
            AdjustmentStarts = adjustments is null ? default : adjustments.Starts,
            Adjustments = adjustments is null ? default : adjustments.Values,
            AdjustmentCount = adjustments?.Count ?? 0,
        });
        _idBuffer.Download(_stream, _ids.AsSpan(0, rows));
        _marginBuffer.Download(_stream, _margins.AsSpan(0, rows));

        var known = false;
        for (var row = 0; row < rows; row++)
        {
            if (requests[row].KnownToken is not { } token)
                continue;
            _ids[row] = token;
            known = true;
        }
        if (known)
            _idBuffer.Upload<int>(_stream, _ids.AsSpan(0, rows));
    }

    /// <summary>Bias and penalties, if any row has them.</summary>
    private AdjustmentBuffers? UploadAdjustments(ReadOnlySpan<RowRequest> requests)
    {
        foreach (var request in requests)
        {
            if (request.Adjusted is null)
                continue;
            _adjustments ??= new AdjustmentBuffers(Device, _chunkRows);
            _adjustments.Upload(_stream, requests);
            return _adjustments;
        }
        return null;
    }

    private void ComputeLogprobs(int rows, int top)
    {
        if (top > 0 && (_top is null || _top.Capacity < (long)rows * top))
        {
            // Nobody may find the old ones here if there is no room for the new ones.
            _top?.Dispose();
            _top = null;
            _top = new TopBuffers(Device, (long)rows * top);
        }
        Operators.TopLogprobs(_stream, new TopLogprobsArguments
        {
            Rows = rows,
            Vocabulary = _config.VocabularySize,
            Count = top,
            Logits = _logits,
            ChosenIds = _idBuffer,
            ChosenLogprobs = _logprobBuffer,
            TopIds = top > 0 ? _top!.Ids : default,
            TopLogprobs = top > 0 ? _top!.Logprobs : default,
        });
        _logprobBuffer.Download(_stream, _logprobs.AsSpan(0, rows));
        if (top > 0)
            _top!.Download(_stream, rows, top);
    }

    private NativeBuffer Allocate(long size)
    {
        var buffer = NativeBuffer.Create(Device, size);
        _owned.Add(buffer);
        return buffer;
    }
}
