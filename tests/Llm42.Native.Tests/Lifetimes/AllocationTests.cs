using Llm42.Native.Arguments;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.Lifetimes;

/// <summary>The token loop calls operators many times per step: a call must not feed the garbage collector.</summary>
[TestClass]
public sealed class AllocationTests
{
    [TestMethod]
    public void An_operator_call_allocates_nothing()
    {
        using TestDevice device = TestDevice.Open(DeviceMatrix.Baseline);
        NativeWeight weight = device.Weight(new float[64], 8, 8);
        NativeBuffer input = device.Activations(new float[16]);
        NativeBuffer output = device.Activations(new float[16]);
        NativeBuffer scales = device.Upload(new float[8]);

        void Step()
        {
            Operators.Linear(device.Stream, new LinearArguments
            {
                Rows = 2,
                Numerics = Numerics.Invariant,
                Weight = weight,
                Input = input,
                Output = output,
            });
            Operators.RmsNorm(device.Stream, new RmsNormArguments
            {
                Rows = 2,
                Width = 8,
                Numerics = Numerics.Invariant,
                Epsilon = 1e-5f,
                Input = output,
                Weight = scales,
                Output = output.At(0),
            });
            Operators.LogSoftmax(
                device.Stream, new LogSoftmaxArguments { Rows = 2, Vocabulary = 8, Logits = output, Output = output });
            device.Stream.Synchronize();
        }

        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; ++i)
        {
            Step();
        }

        Assert.AreEqual(0L, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
