using Llm42.Core.Profiling;
using Llm42.Core.Scheduling;
using Llm42.Models;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>Times the operators of a step between <see cref="Begin"/> and End, and counts what they have to do.</summary>
/// <param name="profiler">Is told.</param>
/// <param name="config">The model.</param>
/// <param name="activationType">dtype of activations.</param>
/// <param name="kvType">dtype of keys and values.</param>
internal sealed class OperatorProfile(StepProfiler profiler, ModelConfig config, DType activationType, DType kvType)
{
    private readonly int _elementSize = activationType.ElementSize();
    private BatchPlan? _plan;

    /// <summary>A plan begins; the host has prepared it.</summary>
    public void BeginPlan(BatchPlan plan) => _plan = plan;

    /// <summary>The plan has run.</summary>
    public void EndPlan() => _plan = null;

    /// <summary>The host has got something done.</summary>
    public void EndHost(StepPart part) => profiler.Lap(part);

    /// <summary>An operator is about to be called.</summary>
    public void Begin() => profiler.Lap(StepPart.HostLaunch);

    /// <summary>An operator has returned.</summary>
    public void End(StepPart part) => profiler.Lap(part);

    /// <summary>A product has returned.</summary>
    /// <param name="part">Which.</param>
    /// <param name="weight">Its matrix.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="outputWidth">Columns that it has written.</param>
    /// <param name="outputSize">Bytes of an element of its output.</param>
    public void EndLinear(StepPart part, NativeWeight weight, int rows, long outputWidth, int outputSize) => profiler.Lap(
        part,
        2.0 * rows * weight.Rows * weight.Columns,
        weight.Size + ((double)rows * ((weight.Columns * _elementSize) + (outputWidth * outputSize))));

    /// <summary>A product of rows with the experts that they go to has returned; which experts these were is known to the device alone.</summary>
    /// <param name="part">Which.</param>
    /// <param name="weight">The matrices of all experts.</param>
    /// <param name="slots">Rows, once for each expert that they go to.</param>
    public void EndExperts(StepPart part, NativeWeight weight, int slots) =>
        profiler.Lap(part, 2.0 * slots * weight.Rows * weight.Columns);

    /// <summary>Attention has returned.</summary>
    /// <param name="layer">Its layer.</param>
    /// <param name="step">How often the rows have run before in the same plan.</param>
    public void EndAttention(int layer, int step)
    {
        double seen = 0, read = 0;
        var window = config.Windows[layer];
        for (var i = 0; i < _plan!.Segments.Count; i++)
        {
            var segment = _plan.Segments[i];
            var first = segment.FirstPosition + step;
            for (var row = 0; row < segment.Rows; row++)
                seen += Visible(first + row, window);
            read += Math.Min(first + segment.Rows, Visible(first, window) + segment.Rows - 1);
        }
        profiler.Lap(
            StepPart.Attention,
            4.0 * seen * config.QueryWidth,
            (2.0 * read * config.KvWidth * kvType.ElementSize()) + (2.0 * _plan.Rows * config.QueryWidth * _elementSize));
    }

    private static int Visible(int position, int window) => window > 0 ? Math.Min(position + 1, window) : position + 1;
}
