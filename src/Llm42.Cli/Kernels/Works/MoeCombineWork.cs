using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels.Works;

/// <summary>The weighted sum of what the experts of a row gave.</summary>
internal sealed class MoeCombineWork : KernelWork
{
    private MoeCombineArguments _arguments;
    private NativeStream _stream = null!;

    public override void Allocate(KernelDevice device, KernelShape shape)
    {
        long rows = shape.Rows!.Value;
        long slots = rows * shape.TopK!.Value;
        int width = shape.Width!.Value;
        _stream = device.Stream;
        _arguments = new MoeCombineArguments
        {
            Rows = shape.Rows.Value,
            TopK = shape.TopK.Value,
            Width = width,
            ExpertWeights = Own(device.Noise(slots, sizeof(float))),
            Input = Own(device.Noise(slots * width, device.ActivationSize)),
            Residual = Own(device.Noise(rows * width, device.ActivationSize)),
            Output = Own(device.Room(rows * width * device.ActivationSize)),
        };
    }

    public override void Launch(int number, Numerics numerics) => Operators.MoeCombine(_stream, _arguments);
}
