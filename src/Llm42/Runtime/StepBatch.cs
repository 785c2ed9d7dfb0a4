using Llm42.Core.Requests;
using Llm42.Core.Scheduling;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>
/// The integers of a step, written into one reused array and uploaded at once: token ids, positions, slots, sequence
/// starts, block tables and the rows to predict, in this order.
/// </summary>
internal sealed class StepBatch : IDisposable
{
    private readonly NativeDevice _device;
    private readonly int _scratchPage;
    private readonly int _pageSize;
    private int[] _values;
    private NativeBuffer _buffer;

    public StepBatch(NativeDevice device, int maxRows, int pageSize, int scratchPage)
    {
        _device = device;
        _pageSize = pageSize;
        _scratchPage = scratchPage;
        _values = new int[8 * maxRows];
        _buffer = NativeBuffer.Create(device, (long)_values.Length * sizeof(int));
    }

    /// <summary>Rows, dummies included.</summary>
    public int Rows { get; private set; }

    public int Sequences { get; private set; }

    public int MaxBlocks { get; private set; }

    public BufferView Ids => View(0);

    public BufferView Positions => View(Rows);

    public BufferView Slots => View(2 * Rows);

    public BufferView SequenceStarts => View(StartsOffset);

    public BufferView BlockTables => View(BlocksOffset);

    private int StartsOffset => 3 * Rows;

    private int BlocksOffset => StartsOffset + Sequences + 1;

    private int PredictedOffset => BlocksOffset + (Sequences * MaxBlocks);

    /// <summary>
    /// Row numbers of the predicted rows, from the given one on; in a padded step, PaddedRows more follow the last.
    /// </summary>
    public BufferView PredictedRows(int first) => View(PredictedOffset + first);

    /// <summary>Lays out a plan and uploads it.</summary>
    public void Upload(NativeStream stream, BatchPlan plan)
    {
        var dummies = Math.Max(0, plan.PaddedRows - plan.Rows);
        Rows = plan.Rows + dummies;
        Sequences = plan.Segments.Count + (dummies > 0 ? 1 : 0);
        MaxBlocks = 1;
        foreach (var segment in plan.Segments)
            MaxBlocks = Math.Max(MaxBlocks, BlocksOf(segment));
        var predictedEnd = PredictedOffset + plan.PredictedRows;
        var length = predictedEnd + plan.PaddedRows;
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
                WriteRow(row++, segment.Sequence.TokenAt(position), position, segment.Sequence.Blocks.SlotOf(position));
            }
        }
        if (dummies > 0)
            WriteDummies(plan.Segments.Count, row, dummies);
        _values[StartsOffset + Sequences] = Rows;
        _values.AsSpan(predictedEnd, plan.PaddedRows).Clear();

        _buffer.Upload<int>(stream, _values.AsSpan(0, length));
    }

    public void Dispose() => _buffer.Dispose();

    private int BlocksOf(BatchSegment segment) => ((segment.FirstPosition + segment.Rows - 1) / _pageSize) + 1;

    private void WriteRow(int row, int tokenId, int position, int slot)
    {
        _values[row] = tokenId;
        _values[Rows + row] = position;
        _values[(2 * Rows) + row] = slot;
    }

    private void WriteBlocks(int sequence, BatchSegment segment)
    {
        var table = _values.AsSpan(BlocksOffset + (sequence * MaxBlocks), MaxBlocks);
        var pages = segment.Sequence.Blocks.Pages;
        var count = BlocksOf(segment);
        for (var i = 0; i < count; i++)
            table[i] = pages[i];

        // Never read; a page that exists all the same.
        table[count..].Fill(_scratchPage);
    }

    /// <summary>Rows that only fill the shape: a sequence of its own on a page that no other sequence has.</summary>
    private void WriteDummies(int sequence, int firstRow, int count)
    {
        _values.AsSpan(BlocksOffset + (sequence * MaxBlocks), MaxBlocks).Fill(_scratchPage);
        _values[StartsOffset + sequence] = firstRow;

        // All of them are token 0 at position 0, and slots must be distinct: one writes for all.
        for (var i = 0; i < count; i++)
            WriteRow(firstRow + i, 0, 0, i == 0 ? _scratchPage * _pageSize : -1);
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
    }

    private BufferView View(int offset) => _buffer.At((long)offset * sizeof(int));
}
