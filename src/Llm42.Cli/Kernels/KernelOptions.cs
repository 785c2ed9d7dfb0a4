using Llm42.Cli.Synthetic;
using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>What is measured and how long.</summary>
/// <param name="Device">How the device is opened; its memory limit bounds every case.</param>
/// <param name="Operators">Operators or families; empty for all.</param>
/// <param name="Models">Models.</param>
/// <param name="Rows">Row counts.</param>
/// <param name="Seconds">Seconds per case; each gets at least a few samples.</param>
/// <param name="Peer">The python that may have PyTorch; null for none.</param>
internal sealed record KernelOptions(
    NativeDeviceOptions Device, IReadOnlyList<string> Operators, IReadOnlyList<string> Models, IReadOnlyList<int> Rows, double Seconds,
    string? Peer)
{
    /// <summary>The cases that are asked for.</summary>
    public IReadOnlyList<KernelCase> Cases =>
    [
        .. KernelCatalogue.Build(ModelShape.All.Where(model => Models.Contains(model.Name)), Rows)
            .Where(one => Operators.Count == 0 || Operators.Any(word => KernelOperator.Chooses(word, one.Operator))),
    ];
}
