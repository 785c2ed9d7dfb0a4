using System.Runtime.CompilerServices;
using Llm42.Core.Execution;
using Llm42.Core.Profiling;
using Llm42.Core.Scheduling;
using Llm42.Models;
using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Runtime;

/// <summary>
/// From the residual stream to predictions: final norm, logits, choice of the token, log-probabilities. Works through
/// the predicted rows in parts, so that the logits stay small whatever the vocabulary; rows do not see each other, so
/// the parts leave no trace in the bits.
/// </summary>
internal sealed class Predictor : IDisposable
{
    private const long MaxLogitsBytes = 64 << 20;

    private readonly NativeDevice _device;
    private readonly ModelConfig _config;
    private readonly ModelWeights _weights;
    private readonly NativeStream _stream;
    private readonly SamplingRow[] _sampling;
    private readonly RowRequest[] _requests;
    private readonly List<RowPrediction> _predictions = [];
    private readonly List<NativeBuffer> _owned = [];
    private readonly NativeBuffer _gathered;
    private readonly NativeBuffer _logits;
    private readonly NativeBuffer _samplingBuffer;
    private readonly OperatorProfile? _profile;
    private readonly int _hiddenBytes;
    private StepShape _shape;
    private AdjustmentBuffers? _adjustments;
    private MaskBuffers? _masks;

    public Predictor(
        NativeDevice device, ModelConfig config, ModelWeights weights, NativeStream stream,
        DType activationType, int maxRows, OperatorProfile? profile = null)
    {
        _device = device;
        _config = config;
        _weights = weights;
        _stream = stream;
        _profile = profile;
        _hiddenBytes = config.HiddenSize * activationType.ElementSize();
        HeadRows = RowsAtOnce(config, maxRows);
        var predictions = MaxPredictions(config, maxRows);
        _sampling = new SamplingRow[predictions];
        _requests = new RowRequest[predictions];
        try
        {
            _gathered = Allocate((long)HeadRows * config.HiddenSize * activationType.ElementSize());
            _logits = Allocate((long)HeadRows * config.VocabularySize * sizeof(float));
            _samplingBuffer = Allocate((long)predictions * Unsafe.SizeOf<SamplingRow>());
            Results = new StepResults(device, predictions);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Rows that logits are computed for at once, at most.</summary>
    public int HeadRows { get; }

    /// <summary>Where the predictions end up.</summary>
    public StepResults Results { get; }

    /// <summary>
    /// What to do with the rows takes more than what was uploaded before the launches: the plan's can not be recorded.
    /// </summary>
    public bool NeedsHost { get; private set; }

    /// <summary>Bytes that it takes, but for those of the most likely tokens.</summary>
    public static long SizeOf(ModelConfig config, DType activationType, int maxRows) =>
        (RowsAtOnce(config, maxRows)
            * (((long)config.HiddenSize * activationType.ElementSize()) + ((long)config.VocabularySize * sizeof(float))))
        + ((long)MaxPredictions(config, maxRows) * Unsafe.SizeOf<SamplingRow>())
        + StepResults.SizeOf(MaxPredictions(config, maxRows));

    /// <summary>Reads what a plan wants of its rows, and uploads how their tokens are to be chosen.</summary>
    public void Begin(BatchPlan plan, StepShape shape)
    {
        _shape = shape;
        Results.Begin(shape);
        NeedsHost = false;
        var dummy = RowRequest.Dummy;
        for (var step = 0; step < shape.Steps; step++)
        {
            var next = step * shape.PredictedRows;
            for (var i = 0; i < plan.Segments.Count; i++)
            {
                var segment = plan.Segments[i];
                for (var row = segment.FirstPredictedRow; row < segment.Rows; row++)
                    _requests[next++] = RowRequest.Of(segment, row, step);
            }
            _requests.AsSpan(next, ((step + 1) * shape.PredictedRows) - next).Fill(dummy);
        }
        for (var i = 0; i < shape.Predictions; i++)
        {
            _sampling[i] = _requests[i].Sampling;
            NeedsHost |= _requests[i] is not { KnownToken: null, Adjusted: null, AllowedTokens: null };
        }
        _samplingBuffer.Upload<SamplingRow>(_stream, _sampling.AsSpan(0, shape.Predictions));
    }

    /// <summary>Launches the prediction behind the rows of a step.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="hidden">Their residual stream.</param>
    /// <param name="step">How often they have run before in the same plan.</param>
    /// <param name="capture">Hashes the logits; null for nobody.</param>
    public void Launch(StepBatch batch, FinalHidden hidden, int step, LayerCapture? capture)
    {
        for (var first = 0; first < _shape.PredictedRows; first += HeadRows)
        {
            var rows = Math.Min(HeadRows, _shape.PredictedRows - first);
            var prediction = (step * _shape.PredictedRows) + first;
            ComputeLogits(batch, hidden, first, rows);
            capture?.Logits(_logits, first, rows, _config.VocabularySize);
            ChooseTokens(prediction, rows);
            ComputeLogprobs(prediction, rows);
        }
    }

    /// <summary>Waits for the stream; the predictions of all steps, in memory that the next plan uses again.</summary>
    public IReadOnlyList<RowPrediction> Finish(BatchPlan plan)
    {
        Results.Download(_stream);
        _predictions.Clear();
        for (var step = 0; step < plan.Steps; step++)
        {
            for (var row = 0; row < plan.PredictedRows; row++)
            {
                var index = (step * _shape.PredictedRows) + row;
                _predictions.Add(Results.Read(index, _requests[index].Top));
            }
        }
        _requests.AsSpan(0, _shape.Predictions).Clear(); // keeps no finished sequence alive
        return _predictions;
    }

    public void Dispose()
    {
        Results?.Dispose();
        _adjustments?.Dispose();
        _masks?.Dispose();
        foreach (var buffer in _owned)
            buffer.Dispose();
    }

    private static int RowsAtOnce(ModelConfig config, int maxRows) =>
        (int)Math.Clamp(MaxLogitsBytes / ((long)config.VocabularySize * sizeof(float)), 1, maxRows);

    // A fixed shape rounds up to whole parts.
    private static int MaxPredictions(ModelConfig config, int maxRows) => maxRows + RowsAtOnce(config, maxRows);

    private void ComputeLogits(StepBatch batch, FinalHidden hidden, int first, int rows)
    {
        var head = _weights.Head.For(_shape.IsDraft);
        BufferView input = hidden.IsGathered ? hidden.Rows.At((long)first * _hiddenBytes) : _gathered;
        if (!hidden.IsGathered)
        {
            _profile?.Begin();
            Operators.GatherRows(_stream, new GatherRowsArguments
            {
                Rows = rows,
                InputRows = batch.Rows,
                Width = _config.HiddenSize,
                Indices = batch.PredictedRows(first),
                Input = hidden.Rows,
                Output = _gathered,
            });
            _profile?.End(StepPart.GatherRows);
        }
        _profile?.Begin();
        Operators.RmsNorm(_stream, new RmsNormArguments
        {
            Rows = rows,
            Width = _config.HiddenSize,
            Numerics = _shape.Numerics,
            Epsilon = _config.RmsNormEpsilon,
            Input = input,
            Weight = _weights.FinalNorm,
            Output = _gathered,
        });
        _profile?.End(StepPart.RmsNorm);
        _profile?.Begin();
        Operators.Linear(_stream, new LinearArguments
        {
            Rows = rows,
            Numerics = _shape.Numerics,
            OutputType = DType.F32,
            ComputeType = MatrixWeights.ComputeTypeOf(head),
            Weight = head,
            Input = _gathered,
            Output = _logits,
        });
        _profile?.EndLinear(StepPart.LinearHead, head, rows, _config.VocabularySize, sizeof(float));
    }

    private void ChooseTokens(int first, int rows)
    {
        var requests = _requests.AsSpan(first, rows);
        var adjustments = NeedsHost ? UploadAdjustments(requests) : null;
        var masks = NeedsHost ? UploadMasks(requests) : null;
        _profile?.Begin();
        Operators.Sample(_stream, new SampleArguments
        {
            Rows = rows,
            Vocabulary = _config.VocabularySize,
            Logits = _logits,
            Sampling = _samplingBuffer.At((long)first * Unsafe.SizeOf<SamplingRow>()),
            Ids = Results.Ids(first),
            Margins = Results.Margins(first),
            AdjustmentStarts = adjustments is null ? default : adjustments.Starts,
            Adjustments = adjustments is null ? default : adjustments.Values,
            AdjustmentCount = adjustments?.Count ?? 0,
            MaskIndices = masks is null ? default : masks.Indices,
            Masks = masks is null ? default : masks.Values,
            MaskCount = masks?.Count ?? 0,
        });
        _profile?.End(StepPart.Sample);
        if (!NeedsHost)
            return;
        for (var row = 0; row < rows; row++)
        {
            if (requests[row].KnownToken is { } token)
                Results.SetId(_stream, first + row, token);
        }
    }

    /// <summary>Bias and penalties, if any row has them.</summary>
    private AdjustmentBuffers? UploadAdjustments(ReadOnlySpan<RowRequest> requests)
    {
        foreach (var request in requests)
        {
            if (request.Adjusted is null)
                continue;
            _adjustments ??= new AdjustmentBuffers(_device, HeadRows);
            _adjustments.Upload(_stream, requests);
            return _adjustments;
        }
        return null;
    }

    /// <summary>The tokens to choose from, if any row has less than all.</summary>
    private MaskBuffers? UploadMasks(ReadOnlySpan<RowRequest> requests)
    {
        foreach (var request in requests)
        {
            if (request.AllowedTokens is null)
                continue;
            _masks ??= new MaskBuffers(_device, HeadRows, _config.VocabularySize);
            _masks.Upload(_stream, requests);
            return _masks;
        }
        return null;
    }

    private void ComputeLogprobs(int first, int rows)
    {
        _profile?.Begin();
        Operators.TopLogprobs(_stream, new TopLogprobsArguments
        {
            Rows = rows,
            Vocabulary = _config.VocabularySize,
            Count = _shape.Top,
            Logits = _logits,
            ChosenIds = Results.Ids(first),
            ChosenLogprobs = Results.Logprobs(first),
            TopIds = Results.TopIds(first),
            TopLogprobs = Results.TopLogprobs(first),
        });
        _profile?.End(StepPart.TopLogprobs);
    }

    private NativeBuffer Allocate(long size)
    {
        var buffer = NativeBuffer.Create(_device, size);
        _owned.Add(buffer);
        return buffer;
    }
}
