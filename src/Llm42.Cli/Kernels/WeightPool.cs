using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>The weight of the last linear case: the next one mostly has the same.</summary>
internal sealed class WeightPool(KernelDevice device) : IDisposable
{
    private (int Rows, int Columns, WeightLayout Layout, int Groups) _key;
    private WeightCopies? _weights;

    /// <summary>The weight of a shape; that of another shape is gone.</summary>
    public WeightCopies Of(int rows, int columns, WeightLayout layout, int groups = 1)
    {
        if (_weights is null || _key != (rows, columns, layout, groups))
        {
            Clear();
            _weights = new WeightCopies(device, rows, columns, layout, groups);
            _key = (rows, columns, layout, groups);
        }

        return _weights;
    }

    /// <summary>Frees it.</summary>
    public void Clear()
    {
        _weights?.Dispose();
        _weights = null;
    }

    public void Dispose() => Clear();
}
