using System.Buffers.Binary;
using System.Security.Cryptography;
using Llm42.Core.Execution;
using Llm42.Core.Scheduling;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>
/// Hashes the hidden state of the rows that ask for it, stage by stage of one step. Reads what the operators wrote and
/// writes nothing, so that no bit of the step depends on it.
/// </summary>
internal sealed class LayerCapture
{
    /// <summary>Rows copied to the host at once.</summary>
    private const int MaxRows = 256;

    private readonly NativeStream _stream;

    /// <summary>Row numbers in the batch, ascending; runs of consecutive ones are copied together.</summary>
    private readonly List<int> _rows = [];

    /// <summary>For each predicted row of the step its place in <see cref="_rows"/>; -1 for one that is not captured.</summary>
    private readonly List<int> _predicted = [];

    private readonly ulong[][] _residual;
    private readonly ulong?[] _logits;
    private int _stage;

    private LayerCapture(BatchPlan plan, NativeStream stream, int stages)
    {
        _stream = stream;
        var first = 0;
        foreach (var segment in plan.Segments)
        {
            var captures = segment.Sequence.Request.CaptureLayers;
            for (var row = 0; row < segment.Rows; row++)
            {
                if (row >= segment.FirstPredictedRow)
                    _predicted.Add(captures ? _rows.Count : -1);
                if (captures)
                    _rows.Add(first + row);
            }
            first += segment.Rows;
        }
        _residual = [.. _rows.Select(_ => new ulong[stages])];
        _logits = new ulong?[_rows.Count];
    }

    /// <summary>A capture for a step; null if none of its rows asks for one.</summary>
    /// <param name="plan">The step.</param>
    /// <param name="stream">Where it runs.</param>
    /// <param name="layers">Decoder layers of the model.</param>
    public static LayerCapture? Of(BatchPlan plan, NativeStream stream, int layers)
    {
        for (var i = 0; i < plan.Segments.Count; i++)
        {
            if (plan.Segments[i].Sequence.Request.CaptureLayers)
                return new LayerCapture(plan, stream, 1 + (2 * layers));
        }
        return null;
    }

    /// <summary>The residual stream has reached its next stage.</summary>
    /// <param name="hidden">[rows, width] of the whole batch.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    public void Residual(NativeBuffer hidden, int rowBytes)
    {
        var count = 0;
        for (var first = 0; first < _rows.Count; first += count)
        {
            count = 1;
            while (count < MaxRows && first + count < _rows.Count && _rows[first + count] == _rows[first] + count)
                count++;
            var bytes = Download(hidden, _rows[first], count, rowBytes);
            for (var i = 0; i < count; i++)
                _residual[first + i][_stage] = Hash(bytes.AsSpan(i * rowBytes, rowBytes));
        }
        _stage++;
    }

    /// <summary>Logits have been computed.</summary>
    /// <param name="logits">f32 [count, vocabulary].</param>
    /// <param name="first">Number of their first row among the predicted rows of the step.</param>
    /// <param name="count">How many there are; those behind the last predicted row are dummies.</param>
    /// <param name="vocabulary">Logits of a row.</param>
    public void Logits(NativeBuffer logits, int first, int count, int vocabulary)
    {
        for (var row = 0; row < count && first + row < _predicted.Count; row++)
        {
            if (_predicted[first + row] is >= 0 and var captured)
                _logits[captured] = Hash(Download(logits, row, 1, vocabulary * sizeof(float)));
        }
    }

    /// <summary>The hashes, in the order in which <see cref="StepResult.CapturedRows"/> wants them.</summary>
    public RowHashes[] ToRows() => [.. _residual.Zip(_logits, (residual, logits) => new RowHashes(residual, logits))];

    private byte[] Download(NativeBuffer buffer, int firstRow, int rows, int rowBytes)
    {
        var bytes = new byte[rows * rowBytes];
        buffer.Download(_stream, bytes.AsSpan(), (long)firstRow * rowBytes);
        return bytes;
    }

    /// <summary>The first 64 bits of SHA-256.</summary>
    private static ulong Hash(ReadOnlySpan<byte> row)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(row, hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}
