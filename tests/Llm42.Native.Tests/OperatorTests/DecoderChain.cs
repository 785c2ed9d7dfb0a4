using Llm42.Native.Arguments;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>
/// The operators of a small decoder, from token ids to sampled tokens with their log-probabilities, on buffers that stay
/// where they are while their contents change from step to step: the rows of a step continue the sequences of the one
/// before it.
/// </summary>
internal sealed class DecoderChain
{
    public const int Vocabulary = 70;

    private const int Hidden = 512; // long enough for a product to be cut into segments, which meet in the workspace
    private const int QueryHeads = 4;
    private const int KvHeads = 2;
    private const int HeadSize = 16;
    private const int QkvWidth = (QueryHeads + (2 * KvHeads)) * HeadSize;
    private const int PageSize = 16;
    private const int MaxBlocks = 8;
    private const int Top = 3;

    private readonly TestDevice _device;
    private readonly Numerics _numerics;
    private readonly int _rows;
    private readonly int[] _lengths;
    private readonly int[] _pages;
    private readonly NativeKvCache _cache;
    private readonly NativeWeight _table;
    private readonly NativeWeight _qkvWeight;
    private readonly NativeWeight _outputWeight;
    private readonly NativeBuffer _norm;
    private readonly NativeBuffer _rope;
    private readonly NativeBuffer _ids;
    private readonly NativeBuffer _positions;
    private readonly NativeBuffer _slots;
    private readonly NativeBuffer _starts;
    private readonly NativeBuffer _blocks;
    private readonly NativeBuffer _sampling;
    private readonly NativeBuffer _hidden;
    private readonly NativeBuffer _normed;
    private readonly NativeBuffer _qkv;
    private readonly NativeBuffer _attended;
    private readonly NativeBuffer _result;
    private readonly NativeBuffer _logits;
    private readonly NativeBuffer _tokens;
    private readonly NativeBuffer _margins;
    private readonly NativeBuffer _logprobs;
    private readonly NativeBuffer _topIds;
    private readonly NativeBuffer _topLogprobs;

    public DecoderChain(TestDevice device, Numerics numerics, int rows)
    {
        (_device, _numerics, _rows) = (device, numerics, rows);
        _lengths = new int[Math.Min(rows, 3)];
        _pages = TestData.Permutation(_lengths.Length * MaxBlocks, 5);
        _cache = device.Own(NativeKvCache.Create(device.Device, new NativeKvCacheOptions
        {
            ElementType = device.CacheType(DType.Bf16),
            Layers = 1,
            KvHeads = KvHeads,
            HeadSize = HeadSize,
            PageSize = PageSize,
            Pages = _pages.Length,
        }));
        _table = device.Weight(TestData.Floats(Vocabulary * Hidden, 1), Vocabulary, Hidden);
        _qkvWeight = device.Weight(TestData.Floats(QkvWidth * Hidden, 2, 0.1f), QkvWidth, Hidden);
        _outputWeight = device.Weight(
            TestData.Floats(Hidden * QueryHeads * HeadSize, 3, 0.3f), Hidden, QueryHeads * HeadSize);
        _norm = device.Upload(TestData.Floats(Hidden, 4));
        _rope = device.Upload(RopeReference.Table(MaxBlocks * PageSize, HeadSize));
        _ids = device.Bytes(4 * rows);
        _positions = device.Bytes(4 * rows);
        _slots = device.Bytes(4 * rows);
        _starts = device.Bytes(4 * (_lengths.Length + 1));
        _blocks = device.Upload(_pages);
        _sampling = device.Bytes(32 * rows);
        _hidden = device.EmptyActivations(rows * Hidden);
        _normed = device.EmptyActivations(rows * Hidden);
        _qkv = device.EmptyActivations(rows * QkvWidth);
        _attended = device.EmptyActivations(rows * QueryHeads * HeadSize);
        _result = device.EmptyActivations(rows * Hidden);
        _logits = device.Bytes(4 * rows * Vocabulary);
        _tokens = device.Bytes(4 * rows);
        _margins = device.Bytes(4 * rows);
        _logprobs = device.Bytes(4 * rows);
        _topIds = device.Bytes(4 * rows * Top);
        _topLogprobs = device.Bytes(4 * rows * Top);
    }

    /// <summary>The token ids of the next step; a test may spoil them.</summary>
    public NativeBuffer Ids => _ids;

    /// <summary>Elements that <see cref="Read"/> returns.</summary>
    public int OutputSize => _rows * (3 + (2 * Top) + Vocabulary);

    /// <summary>Uploads the contents of a step, which continues where the last one ended.</summary>
    public void Fill(int step)
    {
        int[] starts = new int[_lengths.Length + 1];
        int[] positions = new int[_rows];
        int[] slots = new int[_rows];
        SamplingRow[] sampling = new SamplingRow[_rows];
        for (int s = 0; s < _lengths.Length; ++s)
        {
            // Uneven shares, another sequence's turn for the largest one in every step.
            int share = _rows / _lengths.Length + ((s + step) % _lengths.Length < _rows % _lengths.Length ? 1 : 0);
            starts[s + 1] = starts[s] + share;
            for (int row = starts[s]; row < starts[s + 1]; ++row)
            {
                int position = _lengths[s]++;
                positions[row] = position;
                slots[row] = (_pages[(s * MaxBlocks) + (position / PageSize)] * PageSize) + (position % PageSize);
                sampling[row] = row % 2 == 0
                    ? SampleRun.Random(seed: (ulong)s, position, temperature: 0.8f)
                    : SampleRun.Greedy(position);
            }
        }

        _ids.Upload<int>(_device.Stream, TestData.Integers(_rows, Vocabulary, 100 + step));
        _positions.Upload<int>(_device.Stream, positions);
        _slots.Upload<int>(_device.Stream, slots);
        _starts.Upload<int>(_device.Stream, starts);
        _sampling.Upload<SamplingRow>(_device.Stream, sampling);
    }

    /// <summary>Enqueues the operators.</summary>
    public void Enqueue()
    {
        NativeStream stream = _device.Stream;
        Operators.Embedding(stream, new EmbeddingArguments { Rows = _rows, Table = _table, Ids = _ids, Output = _hidden });
        Operators.RmsNorm(stream, new RmsNormArguments
        {
            Rows = _rows,
            Width = Hidden,
            Numerics = _numerics,
            Epsilon = 1e-5f,
            Input = _hidden,
            Weight = _norm,
            Output = _normed,
        });
        Linear(_qkvWeight, _normed, _qkv);
        Operators.RopeWriteKv(stream, new RopeWriteKvArguments
        {
            Rows = _rows,
            QueryHeads = QueryHeads,
            RotarySize = HeadSize,
            TablePositions = MaxBlocks * PageSize,
            Layer = 0,
            Cache = _cache,
            Qkv = _qkv,
            Positions = _positions,
            Slots = _slots,
            Table = _rope,
        });
        Operators.Attention(stream, new AttentionArguments
        {
            Rows = _rows,
            Sequences = _lengths.Length,
            QueryHeads = QueryHeads,
            Layer = 0,
            Numerics = _numerics,
            MaxBlocks = MaxBlocks,
            Scale = 0.25f,
            Cache = _cache,
            Query = _qkv,
            QueryStride = QkvWidth,
            SequenceStarts = _starts,
            Positions = _positions,
            BlockTables = _blocks,
            Output = _attended,
        });
        Linear(_outputWeight, _attended, _result, residual: _hidden);
        Linear(_table, _result, _logits, outputType: DType.F32);
        Operators.Sample(stream, new SampleArguments
        {
            Rows = _rows,
            Vocabulary = Vocabulary,
            Logits = _logits,
            Sampling = _sampling,
            Ids = _tokens,
            Margins = _margins,
        });
        Operators.TopLogprobs(stream, new TopLogprobsArguments
        {
            Rows = _rows,
            Vocabulary = Vocabulary,
            Count = Top,
            Logits = _logits,
            ChosenIds = _tokens,
            ChosenLogprobs = _logprobs,
            TopIds = _topIds,
            TopLogprobs = _topLogprobs,
        });
    }

    /// <summary>Records the operators.</summary>
    public NativeGraph Record()
    {
        _device.Stream.BeginGraph();
        Enqueue();
        return _device.Own(_device.Stream.EndGraph());
    }

    /// <summary>Waits, and returns all outputs as bits: tokens, margins, log-probabilities and logits.</summary>
    public float[] Read()
    {
        (NativeBuffer Buffer, int Count)[] outputs =
        [
            (_tokens, _rows), (_margins, _rows), (_logprobs, _rows), (_topIds, _rows * Top), (_topLogprobs, _rows * Top),
            (_logits, _rows * Vocabulary),
        ];
        return [.. outputs.SelectMany(output => _device.Read<float>(output.Buffer, output.Count))];
    }

    private void Linear(
        NativeWeight weight, NativeBuffer input, NativeBuffer output, NativeBuffer? residual = null,
        DType outputType = DType.Default) =>
        Operators.Linear(_device.Stream, new LinearArguments
        {
            Rows = _rows,
            Numerics = _numerics,
            Weight = weight,
            Input = input,
            Residual = residual,
            Epilogue = residual is null ? Epilogue.None : Epilogue.Residual,
            Output = output,
            OutputType = outputType,
        });
}
