using Llm42.Native.Arguments;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>Rows through RopeWriteKv into a cache in which the slot of a position is the position.</summary>
internal sealed class RopeRun
{
    private const int Positions = 64;

    private readonly TestDevice _device;
    private readonly int _queryHeads;
    private readonly int _kvHeads;
    private readonly int _headSize;
    private readonly int _rotarySize;
    private readonly NativeKvCache _cache;

    public RopeRun(TestDevice device, int queryHeads, int kvHeads, int headSize, int rotarySize, DType cacheType)
    {
        (_device, _queryHeads, _kvHeads, _headSize, _rotarySize) = (device, queryHeads, kvHeads, headSize, rotarySize);
        Table = RopeReference.Table(Positions, rotarySize);
        _cache = device.Own(NativeKvCache.Create(device.Device, new NativeKvCacheOptions
        {
            ElementType = device.CacheType(cacheType),
            Layers = 1,
            KvHeads = kvHeads,
            HeadSize = headSize,
            PageSize = 16,
            Pages = Positions / 16,
        }));
    }

    public float[] Table { get; }

    /// <summary>Head of a row: queries first, then keys, then values.</summary>
    public float[] Head(int position, int head) => TestData.Floats(_headSize, position * 1000 + head, 2);

    /// <summary>Runs rows by position and returns their rotated queries.</summary>
    public float[] Queries(IReadOnlyList<int> positions) => Queries(positions, [.. positions], shift: 0);

    /// <summary>Runs rows with the values of other positions, into given slots.</summary>
    public float[] Queries(IReadOnlyList<int> positions, int[] slots, int shift)
    {
        int heads = _queryHeads + 2 * _kvHeads;
        float[] rows = [.. positions.SelectMany(p => Enumerable.Range(0, heads).SelectMany(h => Head(p + shift, h)))];
        using NativeBuffer qkv = _device.Activations(rows);
        using NativeBuffer positionBuffer = _device.Upload(positions.ToArray());
        using NativeBuffer slotBuffer = _device.Upload(slots);
        using NativeBuffer table = _device.Upload(Table);
        Operators.RopeWriteKv(_device.Stream, new RopeWriteKvArguments
        {
            Rows = positions.Count,
            QueryHeads = _queryHeads,
            RotarySize = _rotarySize,
            TablePositions = Positions,
            Layer = 0,
            Cache = _cache,
            Qkv = qkv,
            Positions = positionBuffer,
            Slots = slotBuffer,
            Table = table,
        });
        float[] all = _device.ReadActivations(qkv, rows.Length);
        int query = _queryHeads * _headSize;
        return [.. Enumerable.Range(0, positions.Count).SelectMany(r => all.Skip(r * heads * _headSize).Take(query))];
    }

    /// <summary>Attention with a window of one position.</summary>
    public float[] AttendToThemselves(int[] positions) =>
        Attend(new float[positions.Length * _queryHeads * _headSize], positions, window: 1);

    public float[] Attend(float[] queries, int[] positions, int window)
    {
        using NativeBuffer query = _device.Activations(queries);
        using NativeBuffer starts = _device.Upload((int[])[0, positions.Length]);
        using NativeBuffer positionBuffer = _device.Upload(positions);
        using NativeBuffer tables = _device.Upload(Enumerable.Range(0, Positions / 16).ToArray());
        using NativeBuffer output = _device.EmptyActivations(queries.Length);
        Operators.Attention(_device.Stream, new AttentionArguments
        {
            Rows = positions.Length,
            Sequences = 1,
            QueryHeads = _queryHeads,
            Layer = 0,
            Numerics = Numerics.Invariant,
            MaxBlocks = Positions / 16,
            Window = window,
            Scale = 0.25f,
            Cache = _cache,
            Query = query,
            SequenceStarts = starts,
            Positions = positionBuffer,
            BlockTables = tables,
            Output = output,
        });
        return _device.ReadActivations(output, queries.Length);
    }

    /// <summary>Attention of one rotated query over the keys of kv head 0, in float64.</summary>
    public double[] Expected(ReadOnlySpan<float> query, int position)
    {
        double[] weights = new double[position + 1];
        for (int p = 0; p <= position; ++p)
        {
            double[] key = RopeReference.Rotate(_device.AsActivations(Head(p, _queryHeads)), _rotarySize, p, Table);
            double score = 0;
            for (int d = 0; d < _headSize; ++d)
            {
                score += query[d] * key[d];
            }

            weights[p] = score * 0.25;
        }

        double largest = weights.Max();
        double[] output = new double[_headSize];
        double sum = 0;
        for (int p = 0; p <= position; ++p)
        {
            double weight = Math.Exp(weights[p] - largest);
            float[] value = _device.AsActivations(Head(p, _queryHeads + _kvHeads));
            sum += weight;
            for (int d = 0; d < _headSize; ++d)
            {
                output[d] += weight * value[d];
            }
        }

        return [.. output.Select(value => value / sum)];
    }
}
