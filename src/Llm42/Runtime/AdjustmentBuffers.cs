using System.Runtime.CompilerServices;
using Llm42.Native;
using CoreAdjustment = Llm42.Core.Sampling.LogitAdjustment;

namespace Llm42.Runtime;

/// <summary>Bias and penalties of the rows of a chunk, on their way to the sampler. The memory is reused.</summary>
internal sealed class AdjustmentBuffers : IDisposable
{
    private const int FirstCapacity = 1024;

    private readonly NativeDevice _device;
    private readonly List<CoreAdjustment> _row = [];
    private readonly int[] _starts;
    private LogitAdjustment[] _values = new LogitAdjustment[FirstCapacity];
    private NativeBuffer _buffer;

    public AdjustmentBuffers(NativeDevice device, int maxRows)
    {
        _device = device;
        _starts = new int[maxRows + 1];
        Starts = NativeBuffer.Create(device, (long)_starts.Length * sizeof(int));
        _buffer = CreateBuffer();
    }

    /// <summary>i32 [rows + 1].</summary>
    public NativeBuffer Starts { get; }

    /// <summary>The adjustments of all rows.</summary>
    public NativeBuffer Values => _buffer;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Gathers the adjustments of the rows and uploads them.</summary>
    public void Upload(NativeStream stream, ReadOnlySpan<RowRequest> requests)
    {
        Count = 0;
        for (var row = 0; row < requests.Length; row++)
        {
            _row.Clear();
            requests[row].Adjusted?.AppendAdjustments((int)requests[row].Sampling.Position, _row);
            Append();
            _starts[row + 1] = Count;
        }
        Starts.Upload<int>(stream, _starts.AsSpan(0, requests.Length + 1));
        if (_buffer.Size < (long)_values.Length * Unsafe.SizeOf<LogitAdjustment>())
        {
            var larger = CreateBuffer();

            // The rows sampled before these, of the same step, may still be reading the old one.
            stream.Synchronize();
            _buffer.Dispose();
            _buffer = larger;
        }
        _buffer.Upload<LogitAdjustment>(stream, _values.AsSpan(0, Count));
    }

    public void Dispose()
    {
        Starts.Dispose();
        _buffer.Dispose();
    }

    private void Append()
    {
        if (Count + _row.Count > _values.Length)
            Array.Resize(ref _values, Math.Max(Count + _row.Count, 2 * _values.Length));
        foreach (var adjustment in _row)
        {
            _values[Count++] = new LogitAdjustment
            {
                TokenId = adjustment.TokenId,
                Bias = adjustment.Bias,
                Repetition = adjustment.Repetition,
                Penalty = adjustment.Penalty,
            };
        }
    }

    private NativeBuffer CreateBuffer() => NativeBuffer.Create(
        _device, (long)_values.Length * Unsafe.SizeOf<LogitAdjustment>());
}
