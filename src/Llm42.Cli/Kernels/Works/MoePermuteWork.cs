using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels.Works;

/// <summary>The order of rows by their experts.</summary>
internal sealed class MoePermuteWork : KernelWork
{
    private MoePermuteArguments _arguments;
    private NativeStream _stream = null!;

    public override void Allocate(KernelDevice device, KernelShape shape)
    {
        _stream = device.Stream;
        _arguments = new MoePermuteArguments
        {
            Rows = shape.Rows!.Value,
            Experts = shape.Experts!.Value,
            TopK = shape.TopK!.Value,
            ExpertIds = Own(ExpertVisits.Draw(device, shape)),
            Starts = Own(device.Room((shape.Experts.Value + 1) * sizeof(int))),
            Order = Own(device.Room((long)shape.Rows.Value * shape.TopK.Value * sizeof(int))),
        };
    }

    public override void Launch(int number, Numerics numerics) => Operators.MoePermute(_stream, _arguments);
}
