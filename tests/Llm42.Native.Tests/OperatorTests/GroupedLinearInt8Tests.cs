using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>Products of slots with int8 matrices of their experts.</summary>
[TestClass]
public sealed class GroupedLinearInt8Tests
{
    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void A_slot_has_the_bits_of_a_plain_product_with_its_experts_matrix(string name)
    {
        using TestDevice device = TestDevice.Open(name, plannedThreads: 64);
        foreach ((int columns, int outputs, Epilogue epilogue, DType type) in ((int, int, Epilogue, DType)[])[
            (70, 66, Epilogue.None, DType.F32), (257, 34, Epilogue.SwiGlu, DType.Bf16), (4, 2, Epilogue.SwiGlu, DType.F16),
            (33, 290, Epilogue.None, DType.Bf16)])
        {
            const int rows = 60, experts = 6;
            GroupedLinearCase grouped = GroupedLinearCase.Create(rows, experts, columns, outputs, type, epilogue, seed: columns, isInt8: true);
            NativeWeight weight = grouped.Pack(device);
            Assert.AreEqual((DType.I8, experts), (weight.Format, weight.Groups));
            int[] all = [.. Enumerable.Range(0, rows)];
            float[][] plain = [.. Enumerable.Range(0, experts).Select(
                e => grouped.Alone(e).Run(device, grouped.Alone(e).Pack(device), all, Numerics.Invariant))];
            foreach (int slotsPerRow in (int[])[1, 3])
            {
                // Experts without a slot, with one, with a few, with most; then one expert with every slot.
                int[] some = TestData.Integers(rows * slotsPerRow, 40, seed: 9);
                foreach (int[] expertOf in (int[][])[
                    [.. some.Select((pick, slot) => slot == 5 ? 2 : pick == 0 ? 1 : pick < 5 ? 4 : 5)],
                    [.. some.Select(_ => 3)]])
                {
                    float[] expected = new float[expertOf.Length * grouped.Width];
                    for (int slot = 0; slot < expertOf.Length; ++slot)
                    {
                        plain[expertOf[slot]].AsSpan(slot / slotsPerRow * grouped.Width, grouped.Width)
                            .CopyTo(expected.AsSpan(slot * grouped.Width));
                    }

                    foreach (Numerics numerics in Enum.GetValues<Numerics>())
                    {
                        BitAssert.AreEqual(
                            expected, grouped.Run(device, weight, all, expertOf, numerics), grouped.Width,
                            $"{name} {type} K={columns} N={outputs} {epilogue} slots per row {slotsPerRow} {numerics}");
                    }
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void A_slot_has_the_bits_that_it_has_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GroupedLinearCase all = GroupedLinearCase.Create(100, 5, 300, 130, epilogue: Epilogue.SwiGlu, seed: 50, isInt8: true);
        NativeWeight weight = all.Pack(device);
        int[] expertOf = TestData.Integers(2 * 100, 5, seed: 51);
        RowInvariance.Assert(
            100, 2 * all.Width, name,
            rows => all.Run(
                device, weight, rows, [.. rows.SelectMany(r => expertOf[(2 * r)..(2 * r + 2)])], Numerics.Invariant));

        // An expert has more slots than one block of rows holds.
        GroupedLinearCase many = GroupedLinearCase.Create(1000, 3, 60, 10, seed: 60, isInt8: true);
        NativeWeight small = many.Pack(device);
        int[] mostly = [.. TestData.Integers(1000, 20, seed: 61).Select(pick => pick switch { 0 => 0, 1 => 2, _ => 1 })];
        float[] whole = many.Run(device, small, [.. Enumerable.Range(0, 1000)], mostly, Numerics.Invariant);
        foreach (int row in (int[])[0, 1, 479, 480, 500, 530, 960, 998, 999])
        {
            BitAssert.AreEqual(
                many.Run(device, small, [row], [mostly[row]], Numerics.Invariant),
                whole.AsSpan(row * many.Width, many.Width), many.Width, $"{name} row {row}");
        }
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits()
    {
        GroupedLinearCase all = GroupedLinearCase.Create(50, 4, 517, 70, DType.F16, Epilogue.SwiGlu, seed: 80, isInt8: true);
        int[] expertOf = TestData.Integers(100, 4, seed: 81);
        DeviceMatrix.AssertSameBitsOnEveryCpu(
            all.Width,
            device => all.Run(device, all.Pack(device), [.. Enumerable.Range(0, 50)], expertOf, Numerics.Invariant));
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void What_is_not_finite_stays_in_its_slots(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GroupedLinearCase given = GroupedLinearCase.Create(20, 3, 65, 34, seed: 21, isInt8: true);
        NativeWeight weight = given.Pack(device);
        int[] all = [.. Enumerable.Range(0, 20)];
        int[] expertOf = TestData.Integers(40, 3, seed: 22);
        float[] expected = given.Run(device, weight, all, expertOf, Numerics.Invariant);
        given.Input[7 * 65 + 64] = float.NegativeInfinity;
        float[] actual = given.Run(device, weight, all, expertOf, Numerics.Invariant);
        for (int slot = 0; slot < 40; ++slot)
        {
            Span<float> outputs = actual.AsSpan(slot * given.Width, given.Width);
            if (slot / 2 != 7)
            {
                BitAssert.AreEqual(expected.AsSpan(slot * given.Width, given.Width), outputs, given.Width, $"{name} slot {slot}");
                continue;
            }

            foreach (float output in outputs)
            {
                Assert.IsTrue(float.IsNaN(output), $"{name} slot {slot}: {output}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void A_source_that_is_not_finite_is_refused_by_its_place(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GroupedLinearCase given = GroupedLinearCase.Create(1, 3, 300, 10, DType.F32, Epilogue.SwiGlu, isInt8: true);
        given.Weight[(2 * 10 + 7) * 300 + 299] = float.NaN;
        long before = device.Device.Info.MemoryAllocated;
        NativeException refusal = Assert.ThrowsExactly<NativeException>(() => given.Pack(device));
        Assert.AreEqual(Status.InvalidArgument, refusal.Status);
        Assert.Contains("parts[5]", refusal.Message);
        Assert.Contains("row 2, column 299", refusal.Message);
        Assert.AreEqual(before, device.Device.Info.MemoryAllocated);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void Activations_as_they_are_are_refused_by_name(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GroupedLinearCase given = GroupedLinearCase.Create(2, 2, 8, 4, isInt8: true);
        NativeException refusal = Assert.ThrowsExactly<NativeException>(() => Operators.GroupedLinear(
            device.Stream,
            new GroupedLinearArguments
            {
                Slots = 2,
                SlotsPerRow = 1,
                Numerics = Numerics.Invariant,
                Weight = given.Pack(device),
                Starts = device.Upload([0, 1, 2]),
                Order = device.Upload([0, 1]),
                Input = device.Activations(given.Input),
                Output = device.EmptyActivations(8),
            }));
        Assert.AreEqual(Status.Unsupported, refusal.Status);
        Assert.Contains("weight has format i8 and compute_dtype is 0", refusal.Message);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void Cuda_refuses_them_by_name(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GroupedLinearCase given = GroupedLinearCase.Create(1, 2, 8, 4, isInt8: true);
        NativeException refusal = Assert.ThrowsExactly<NativeException>(() => given.Pack(device));
        Assert.AreEqual(Status.Unsupported, refusal.Status);
        Assert.Contains("groups is 2 and format is i8", refusal.Message);
    }
}
