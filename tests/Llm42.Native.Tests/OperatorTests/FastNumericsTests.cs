using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>
/// What fast numerics may do and what not: the negative control of all bitwise tests. Planned for the threads of a large
/// machine, they split reductions of small batches and give other bits; planned for few threads, they do not. On cuda
/// they split for the GPU that there is.
/// </summary>
[TestClass]
public sealed class FastNumericsTests
{
    private static readonly LinearCase Small = LinearCase.Create(1, 8192, 8, DType.Bf16, seed: 3);

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void A_linear_planned_for_many_threads_differs_in_its_bits(string name)
    {
        using TestDevice device = TestDevice.Open(name, plannedThreads: 64);
        Assert.IsFalse(device.Info.FastIsInvariant);
        BitAssert.AreNotEqual(
            Small.Run(device, Numerics.Invariant), Small.Run(device, Numerics.Fast), $"{name} linear");
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void An_attention_planned_for_many_threads_differs_in_its_bits(string name)
    {
        using TestDevice device = TestDevice.Open(name, plannedThreads: 64);
        AttentionScene scene = new(device, new AttentionShape { QueryHeads = 2, KvHeads = 1 }, [700]);
        AttentionRow[] rows = [new(0, 699)];
        BitAssert.AreNotEqual(
            scene.Run(rows, Numerics.Invariant), scene.Run(rows, Numerics.Fast), $"{name} attention");
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void A_linear_on_cuda_differs_in_its_bits(string name)
    {
        // The weight's shape asks for two segments of K, and there are tiles enough for any GPU without them.
        LinearCase wide = LinearCase.Create(1, 512, 16384, DType.Bf16, seed: 3);
        using TestDevice device = TestDevice.Open(name);
        NativeWeight weight = wide.Pack(device);
        BitAssert.AreNotEqual(
            wide.Run(device, weight, [0], Numerics.Invariant), wide.Run(device, weight, [0], Numerics.Fast), $"{name} linear");
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void An_attention_on_cuda_differs_in_its_bits(string name)
    {
        // Splits of 256 positions, and shorter ones to fill a GPU with a single row.
        using TestDevice device = TestDevice.Open(name);
        AttentionScene scene = new(device, new AttentionShape { QueryHeads = 2, KvHeads = 1 }, [700]);
        AttentionRow[] rows = [new(0, 699)];
        BitAssert.AreNotEqual(
            scene.Run(rows, Numerics.Invariant), scene.Run(rows, Numerics.Fast), $"{name} attention");
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void Invariant_numerics_ignore_what_fast_ones_plan_for(string name)
    {
        float[] few;
        using (TestDevice device = TestDevice.Open(name, plannedThreads: 1))
        {
            few = Small.Run(device, Numerics.Invariant);
        }

        using TestDevice many = TestDevice.Open(name, plannedThreads: 64);
        BitAssert.AreEqual(few, Small.Run(many, Numerics.Invariant), Small.Width, name);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void Planned_for_few_threads_fast_numerics_are_invariant(string name)
    {
        foreach (int planned in (int[])[1, 2, 3])
        {
            using TestDevice device = TestDevice.Open(name, planned);
            Assert.AreEqual(planned, device.Info.PlannedThreads);
            Assert.IsTrue(device.Info.FastIsInvariant, $"{name} planned for {planned}");
            BitAssert.AreEqual(
                Small.Run(device, Numerics.Invariant), Small.Run(device, Numerics.Fast), Small.Width, $"{name} linear");

            AttentionShape shape = new();
            AttentionScene scene = new(device, shape, [700]);
            AttentionRow[] rows = [new(0, 699), new(0, 10), .. Enumerable.Range(500, 20).Select(p => new AttentionRow(0, p))];
            BitAssert.AreEqual(
                scene.Run(rows, Numerics.Invariant), scene.Run(rows, Numerics.Fast), shape.Width, $"{name} attention");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void Fast_numerics_depend_on_the_plan_and_not_on_the_threads_in_use(string name)
    {
        using TestDevice device = TestDevice.Open(name, plannedThreads: 64);
        DeviceSpec spec = DeviceSpec.Parse(name);
        string other = $"{spec.Backend}/{spec.Isa}/{3 - spec.Threads}";
        using TestDevice twin = TestDevice.Open(other, plannedThreads: 64);
        BitAssert.AreEqual(
            Small.Run(device, Numerics.Fast), Small.Run(twin, Numerics.Fast), Small.Width, $"{name} against {other}");
    }
}
