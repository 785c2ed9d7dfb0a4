using Llm42.Native.Arguments;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class MoePermuteTests
{
    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Sorts_slots_by_expert(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach ((int rows, int topK, int experts) in ((int, int, int)[])[
            (1, 1, 1), (1, 2, 8), (5, 3, 4), (33, 8, 64), (700, 7, 5), (30, 1, 300)])
        {
            Check(device, TestData.Integers(rows * topK, experts, rows), rows, topK, experts);
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void One_expert_may_have_every_slot(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (int expert in (int[])[0, 4, 9])
        {
            Check(device, [.. Enumerable.Repeat(expert, 600)], 300, 2, 10);
        }
    }

    private static void Check(TestDevice device, int[] ids, int rows, int topK, int experts)
    {
        NativeBuffer starts = device.Bytes(4 * (experts + 1));
        NativeBuffer order = device.Bytes(4 * rows * topK);
        Operators.MoePermute(device.Stream, new MoePermuteArguments
        {
            Rows = rows,
            Experts = experts,
            TopK = topK,
            ExpertIds = device.Upload(ids),
            Starts = starts,
            Order = order,
        });
        (int[] expectedStarts, int[] expectedOrder) = MoeReference.Permute(ids, experts);
        string context = $"{device.Name} rows={rows} top_k={topK} experts={experts}";
        CollectionAssert.AreEqual(expectedStarts, device.Read<int>(starts, experts + 1), context);
        CollectionAssert.AreEqual(expectedOrder, device.Read<int>(order, rows * topK), context);
    }
}
