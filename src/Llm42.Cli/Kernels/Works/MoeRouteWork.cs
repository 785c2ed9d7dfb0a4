using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels.Works;

/// <summary>The choice of experts.</summary>
internal sealed class MoeRouteWork : KernelWork
{
    private MoeRouteArguments _arguments;
    private NativeStream _stream = null!;

    public override void Allocate(KernelDevice device, KernelShape shape)
    {
        long rows = shape.Rows!.Value;
        _stream = device.Stream;
        _arguments = new MoeRouteArguments
        {
            Rows = shape.Rows.Value,
            Experts = shape.Experts!.Value,
            TopK = shape.TopK!.Value,
            Renormalize = true,
            Logits = Own(device.Noise(rows * shape.Experts.Value, sizeof(float))),
            ExpertIds = Own(device.Room(rows * shape.TopK.Value * sizeof(int))),
            ExpertWeights = Own(device.Room(rows * shape.TopK.Value * sizeof(float))),
        };
    }

    public override void Launch(int number, Numerics numerics) => Operators.MoeRoute(_stream, _arguments);
}
