using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>A whole mixture-of-experts layer as a model runs it: router, choice, two grouped products, sum.</summary>
[TestClass]
public sealed class MoeBlockTests
{
    private const int Rows = 70;
    private const int Hidden = 264;
    private const int Inner = 40;
    private const int Experts = 9;
    private const int TopK = 3;

    private static readonly LinearCase Router = LinearCase.Create(Rows, Hidden, Experts, DType.Bf16, seed: 100);

    private static readonly GroupedLinearCase GateUp =
        GroupedLinearCase.Create(Rows, Experts, Hidden, 2 * Inner, epilogue: Epilogue.SwiGlu, seed: 200);

    private static readonly GroupedLinearCase Down = GroupedLinearCase.Create(Rows * TopK, Experts, Inner, Hidden, seed: 300);

    private static float[] Input => Router.Input;

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_row_has_the_bits_that_it_has_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        Block block = new(device);
        RowInvariance.Assert(Rows, Hidden, name, rows => block.Run(rows).Output);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void It_is_what_the_experts_say_one_by_one(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        int[] all = [.. Enumerable.Range(0, Rows)];
        (float[] output, int[] ids, float[] weights) = new Block(device).Run(all);
        Assert.IsGreaterThanOrEqualTo(Experts - 2, ids.Distinct().Count(), "the rows should go to nearly all experts");

        float[][] said = new float[Experts][];
        for (int e = 0; e < Experts; ++e)
        {
            LinearCase gateUp = new()
            {
                Rows = Rows,
                Columns = Hidden,
                Outputs = 2 * Inner,
                Input = Input,
                Weight = GateUp.Matrix(e),
                Type = DType.Bf16,
                Epilogue = Epilogue.SwiGlu,
            };
            LinearCase down = new()
            {
                Rows = Rows,
                Columns = Inner,
                Outputs = Hidden,
                Input = gateUp.Run(device, Numerics.Invariant),
                Weight = Down.Matrix(e),
                Type = DType.Bf16,
            };
            said[e] = down.Run(device, Numerics.Invariant);
        }

        float[] residual = device.AsActivations(Input);
        float[] expected = new float[Rows * Hidden];
        for (int r = 0; r < Rows; ++r)
        {
            Assert.AreEqual(1, weights[(r * TopK)..((r + 1) * TopK)].Sum(), 1e-5f, $"{name} row {r}");
            for (int i = 0; i < Hidden; ++i)
            {
                float sum = 0;
                for (int j = 0; j < TopK; ++j)
                {
                    int slot = r * TopK + j;
                    sum = MathF.FusedMultiplyAdd(weights[slot], said[ids[slot]][r * Hidden + i], sum);
                }

                expected[r * Hidden + i] = residual[r * Hidden + i] + sum;
            }
        }

        BitAssert.AreEqual(device.AsActivations(expected), output, Hidden, name);
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits() => DeviceMatrix.AssertSameBitsOnEveryCpu(
        Hidden, device => new Block(device).Run([.. Enumerable.Range(0, Rows)]).Output);

    /// <summary>The layer's weights on a device.</summary>
    private sealed class Block(TestDevice device)
    {
        private readonly NativeWeight _router = Router.Pack(device);
        private readonly NativeWeight _gateUp = GateUp.Pack(device);
        private readonly NativeWeight _down = Down.Pack(device);

        public (float[] Output, int[] Ids, float[] Weights) Run(IReadOnlyList<int> rows)
        {
            int count = rows.Count;
            int slots = count * TopK;
            using NativeBuffer input = device.Activations(TestData.Rows(Input, Hidden, rows));
            using NativeBuffer logits = NativeBuffer.Create(device.Device, 4 * count * Experts);
            using NativeBuffer ids = NativeBuffer.Create(device.Device, 4 * slots);
            using NativeBuffer weights = NativeBuffer.Create(device.Device, 4 * slots);
            using NativeBuffer starts = NativeBuffer.Create(device.Device, 4 * (Experts + 1));
            using NativeBuffer order = NativeBuffer.Create(device.Device, 4 * slots);
            using NativeBuffer inner = device.EmptyActivations(slots * Inner);
            using NativeBuffer said = device.EmptyActivations(slots * Hidden);
            using NativeBuffer output = device.EmptyActivations(count * Hidden);
            Operators.Linear(device.Stream, new LinearArguments
            {
                Rows = count,
                Numerics = Numerics.Invariant,
                OutputType = DType.F32,
                Weight = _router,
                Input = input,
                Output = logits,
            });
            Operators.MoeRoute(device.Stream, new MoeRouteArguments
            {
                Rows = count,
                Experts = Experts,
                TopK = TopK,
                Renormalize = true,
                Logits = logits,
                ExpertIds = ids,
                ExpertWeights = weights,
            });
            Operators.MoePermute(device.Stream, new MoePermuteArguments
            {
                Rows = count,
                Experts = Experts,
                TopK = TopK,
                ExpertIds = ids,
                Starts = starts,
                Order = order,
            });
            Operators.GroupedLinear(device.Stream, new GroupedLinearArguments
            {
                Slots = slots,
                SlotsPerRow = TopK,
                Numerics = Numerics.Invariant,
                Epilogue = Epilogue.SwiGlu,
                Weight = _gateUp,
                Starts = starts,
                Order = order,
                Input = input,
                Output = inner,
            });
            Operators.GroupedLinear(device.Stream, new GroupedLinearArguments
            {
                Slots = slots,
                SlotsPerRow = 1,
                Numerics = Numerics.Invariant,
                Weight = _down,
                Starts = starts,
                Order = order,
                Input = inner,
                Output = said,
            });
            Operators.MoeCombine(device.Stream, new MoeCombineArguments
            {
                Rows = count,
                TopK = TopK,
                Width = Hidden,
                ExpertWeights = weights,
                Input = said,
                Residual = input,
                Output = output,
            });
            return (
                device.ReadActivations(output, count * Hidden), device.Read<int>(ids, slots),
                device.Read<float>(weights, slots));
        }
    }
}
