using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels.Works;

/// <summary>Root mean square normalisation.</summary>
internal sealed class RmsNormWork : KernelWork
{
    private RmsNormArguments _arguments;
    private NativeStream _stream = null!;

    public override void Allocate(KernelDevice device, KernelShape shape)
    {
        long elements = (long)shape.Rows!.Value * shape.Width!.Value;
        _stream = device.Stream;
        _arguments = new RmsNormArguments
        {
            Rows = shape.Rows.Value,
            Width = shape.Width.Value,
            Numerics = Numerics.Invariant,
            Epsilon = 1e-5f,
            Input = Own(device.Noise(elements, device.ActivationSize)),
            Weight = Own(device.Noise(shape.Width.Value, sizeof(float))),
            Output = Own(device.Room(elements * device.ActivationSize)),
        };
    }

    public override void Launch(int number, Numerics numerics) =>
        Operators.RmsNorm(_stream, _arguments with { Numerics = numerics });
}
