using Llm42.Core.Scheduling;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>
/// The integers of a plan, written into one reused array and uploaded at once: token ids, positions and slots of each
/// of its steps, sequence starts, block tables and the rows to predict, in this order.
/// </summary>
internal sealed class StepBatch : IDisposable
{
    private readonly NativeDevice _device;
    private readonly int _scratchPage;
    private readonly int _pageSize;
    private int[] _values;
    private NativeBuffer _buffer;
    private StepShape _shape;

    public StepBatch(NativeDevice device, int maxRows, int pageSize, int scratchPage)
    {
        _device = device;
        _pageSize = pageSize;
        _scratchPage = scratchPage;
        _values = new int[8 * maxRows];
        _buffer = NativeBuffer.Create(device, (long)_values.Length * sizeof(int));
    }

    /// <summary>The buffer was replaced by a larger one: what remembers its address is out of date.</summary>
    public event Action? Moved;

    /// <summary>Rows, dummies included.</summary>
    public int Rows => _shape.Rows;

    public int Sequences => _shape.Sequences;

    public int MaxBlocks => _shape.MaxBlocks;

    /// <summary>Token ids of the first step.</summary>
    public BufferView Ids => View(0);

    public BufferView SequenceStarts => View(StartsOffset);

    public BufferView BlockTables => View(BlocksOffset);

    private int StartsOffset => Rows * (1 + (2 * _shape.Steps));

    private int BlocksOffset => StartsOffset + Sequences + 1;

    private int PredictedOffset => BlocksOffset + (Sequences * MaxBlocks);

    public BufferView Positions(int step) => View(PositionsOffset(step));

    public BufferView Slots(int step) => View(PositionsOffset(step) + Rows);

    /// <summary>Row numbers of the predicted rows, from the given one on.</summary>
    public BufferView PredictedRows(int first) => View(PredictedOffset + first);

    /// <summary>Lays out a plan at its own shape or a larger one, and uploads it.</summary>
    public void Upload(NativeStream stream, BatchPlan plan, StepShape shape)
    {
        _shape = shape;
        var length = PredictedOffset + shape.PredictedRows;
        Reserve(length);

        int row = 0, predicted = PredictedOffset;
        for (var sequence = 0; sequence < plan.Segments.Count; sequence++)
        {
            var segment = plan.Segments[sequence];
            WriteBlocks(sequence, segment);
            _values[StartsOffset + sequence] = row;
            for (var i = segment.FirstPredictedRow; i < segment.Rows; i++)
                _values[predicted++] = row + i;
            for (var i = 0; i < segment.Rows; i++)
            {
                var position = segment.FirstPosition + i;
                _values[row] = segment.Sequence.TokenAt(position);
                for (var step = 0; step < shape.Steps; step++)
                    WritePlace(step, row, position + step, segment.Sequence.Blocks.SlotOf(position + step));
                row++;
            }
        }
        WriteDummies(plan.Segments.Count, row);
        _values[StartsOffset + Sequences] = Rows;
        for (var next = row; predicted < length; predicted++)
            _values[predicted] = next < Rows ? next++ : 0;

        _buffer.Upload<int>(stream, _values.AsSpan(0, length));
    }

    public void Dispose() => _buffer.Dispose();

    private int PositionsOffset(int step) => Rows * (1 + (2 * step));

    private void WritePlace(int step, int row, int position, int slot)
    {
        _values[PositionsOffset(step) + row] = position;
        _values[PositionsOffset(step) + Rows + row] = slot;
    }

    private void WriteBlocks(int sequence, BatchSegment segment)
    {
        var table = _values.AsSpan(BlocksOffset + (sequence * MaxBlocks), MaxBlocks);
        var pages = segment.Sequence.Blocks.Pages;
        var count = StepShape.BlocksOf(segment, _shape.Steps, _pageSize);
        for (var i = 0; i < count; i++)
            table[i] = pages[i];

        // Never read; a page that exists all the same.
        table[count..].Fill(_scratchPage);
    }

    /// <summary>
    /// Rows that only fill the shape: in sequences of their own on a page that no other sequence has. As many have a
    /// row each as there are, but for the last one, which has the rest.
    /// </summary>
    private void WriteDummies(int firstSequence, int firstRow)
    {
        for (var sequence = firstSequence; sequence < Sequences; sequence++)
        {
            _values.AsSpan(BlocksOffset + (sequence * MaxBlocks), MaxBlocks).Fill(_scratchPage);
            _values[StartsOffset + sequence] = Math.Min(Rows, firstRow + sequence - firstSequence);
        }

        // All of them are token 0 at position 0, and slots must be distinct: one writes for all.
        for (var row = firstRow; row < Rows; row++)
        {
            _values[row] = 0;
            for (var step = 0; step < _shape.Steps; step++)
                WritePlace(step, row, 0, row == firstRow ? _scratchPage * _pageSize : -1);
        }
    }

    private void Reserve(int length)
    {
        if (length <= _values.Length)
            return;

        // The old ones stay in use if there is no room for the new ones.
        var values = new int[Math.Max(length, 2 * _values.Length)];
        var buffer = NativeBuffer.Create(_device, (long)values.Length * sizeof(int));
        _buffer.Dispose();
        _values = values;
        _buffer = buffer;
        Moved?.Invoke();
    }

    private BufferView View(int offset) => _buffer.At((long)offset * sizeof(int));
}
