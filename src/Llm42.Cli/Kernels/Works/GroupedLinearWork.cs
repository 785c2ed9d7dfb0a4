using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels.Works;

/// <summary>The products of experts with the rows that visit them.</summary>
/// <param name="epilogue">SwiGLU behind the first product, whose input is the rows; none behind the second, whose input is the visits.</param>
/// <param name="weights">A matrix per expert.</param>
internal sealed class GroupedLinearWork(Epilogue epilogue, WeightCopies weights) : KernelWork
{
    private GroupedLinearArguments _arguments;
    private NativeStream _stream = null!;

    public override int Copies => weights.Count;

    public override void Allocate(KernelDevice device, KernelShape shape)
    {
        bool isFirst = epilogue == Epilogue.SwiGlu;
        int slots = shape.Rows!.Value * shape.TopK!.Value;
        long inputs = isFirst ? shape.Rows.Value : slots;
        long outputs = isFirst ? shape.N!.Value / 2 : shape.N!.Value;
        _stream = device.Stream;
        NativeBuffer starts = Own(device.Room((shape.Experts!.Value + 1) * sizeof(int)));
        NativeBuffer order = Own(device.Room((long)slots * sizeof(int)));
        using (NativeBuffer visits = ExpertVisits.Draw(device, shape))
        {
            Operators.MoePermute(_stream, new MoePermuteArguments
            {
                Rows = shape.Rows.Value,
                Experts = shape.Experts.Value,
                TopK = shape.TopK.Value,
                ExpertIds = visits,
                Starts = starts,
                Order = order,
            });
            _stream.Synchronize();
        }

        _arguments = new GroupedLinearArguments
        {
            Slots = slots,
            SlotsPerRow = isFirst ? shape.TopK.Value : 1,
            Numerics = Numerics.Invariant,
            Epilogue = epilogue,
            Weight = weights.Of(0),
            Starts = starts,
            Order = order,
            Input = Own(device.Noise(inputs * shape.K!.Value, device.ActivationSize)),
            Output = Own(device.Room(slots * outputs * device.ActivationSize)),
        };
    }

    public override void Launch(int number, Numerics numerics) =>
        Operators.GroupedLinear(_stream, _arguments with { Numerics = numerics, Weight = weights.Of(number) });
}
