using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class GroupedLinearTests
{
    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_slot_has_the_bits_of_a_plain_product_with_its_experts_matrix(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach ((int columns, int outputs, Epilogue epilogue, DType type) in ((int, int, Epilogue, DType)[])[
            (70, 66, Epilogue.None, DType.F32), (257, 34, Epilogue.SwiGlu, DType.Bf16), (700, 18, Epilogue.SwiGlu, DType.F16),
            (33, 130, Epilogue.None, DType.Bf16)])
        {
            const int rows = 60, experts = 6;
            GroupedLinearCase grouped = GroupedLinearCase.Create(rows, experts, columns, outputs, type, epilogue, seed: columns);
            NativeWeight weight = grouped.Pack(device);
            NativeWeight[] alone = [.. Enumerable.Range(0, experts).Select(e => grouped.Alone(e).Pack(device))];
            int[] all = [.. Enumerable.Range(0, rows)];
            float[][] plain = [.. Enumerable.Range(0, experts).Select(
                e => grouped.Alone(e).Run(device, alone[e], all, Numerics.Invariant))];
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

                    BitAssert.AreEqual(
                        expected, grouped.Run(device, weight, all, expertOf, Numerics.Invariant), grouped.Width,
                        $"{name} {type} K={columns} N={outputs} {epilogue} slots per row {slotsPerRow}");
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Agrees_with_the_reference(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (Numerics numerics in Enum.GetValues<Numerics>())
        {
            foreach (Epilogue epilogue in (Epilogue[])[Epilogue.None, Epilogue.SwiGlu])
            {
                const int rows = 7, experts = 4, columns = 530, outputs = 38;
                GroupedLinearCase grouped = GroupedLinearCase.Create(rows, experts, columns, outputs, epilogue: epilogue, seed: 40);
                int[] expertOf = TestData.Integers(2 * rows, experts, seed: 41);
                float[] actual = grouped.Run(
                    device, grouped.Pack(device), [.. Enumerable.Range(0, rows)], expertOf, numerics);
                float[] input = device.AsActivations(grouped.Input);
                double unit = ActivationError.Of(device.Info.ActivationType);
                for (int slot = 0; slot < expertOf.Length; ++slot)
                {
                    LinearReference reference = LinearReference.Compute(
                        TestData.Rows(input, columns, [slot / 2]), grouped.Matrix(expertOf[slot]), 1, columns, outputs, null, null);
                    if (epilogue == Epilogue.SwiGlu)
                    {
                        reference = reference.SwiGlu(1, outputs);
                    }

                    ToleranceAssert.AreClose(
                        reference.Output, actual.AsSpan(slot * grouped.Width, grouped.Width),
                        i => reference.Errors[i] + unit * Math.Abs(reference.Output[i]), grouped.Width,
                        $"{name} {epilogue} {numerics} slot {slot}");
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_row_has_the_bits_that_it_has_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GroupedLinearCase all = GroupedLinearCase.Create(100, 5, 300, 34, epilogue: Epilogue.SwiGlu, seed: 50);
        NativeWeight weight = all.Pack(device);
        int[] expertOf = TestData.Integers(2 * 100, 5, seed: 51);
        RowInvariance.Assert(
            100, 2 * all.Width, name,
            rows => all.Run(
                device, weight, rows, [.. rows.SelectMany(r => expertOf[(2 * r)..(2 * r + 2)])], Numerics.Invariant));
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_slot_of_a_long_prompt_has_the_bits_that_it_has_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int rows = 1000;
        GroupedLinearCase all = GroupedLinearCase.Create(rows, 3, 60, 10, seed: 60);
        NativeWeight weight = all.Pack(device);

        // Expert 1 has more slots than one block of rows holds.
        int[] expertOf = [.. TestData.Integers(rows, 20, seed: 61).Select(pick => pick switch { 0 => 0, 1 => 2, _ => 1 })];
        float[] whole = all.Run(device, weight, [.. Enumerable.Range(0, rows)], expertOf, Numerics.Invariant);
        foreach (int row in (int[])[0, 1, 479, 480, 500, 530, 960, 998, 999])
        {
            BitAssert.AreEqual(
                all.Run(device, weight, [row], [expertOf[row]], Numerics.Invariant),
                whole.AsSpan(row * all.Width, all.Width), all.Width, $"{name} row {row}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void More_input_than_the_cpu_packs_at_a_time_changes_no_bit(string name)
    {
        // 700 slots of 8000 elements: more than 2^22, while two experts' slots fit.
        using TestDevice device = TestDevice.Open(name);
        const int rows = 20, slotsPerRow = 35;
        GroupedLinearCase grouped = GroupedLinearCase.Create(rows, 4, 8000, 2, seed: 65);
        int[] all = [.. Enumerable.Range(0, rows)];
        int[] expertOf = TestData.Integers(rows * slotsPerRow, 4, seed: 66);
        float[] actual = grouped.Run(device, grouped.Pack(device), all, expertOf, Numerics.Invariant);
        float[][] plain = [.. Enumerable.Range(0, 4).Select(e => grouped.Alone(e).Run(device, Numerics.Invariant))];
        for (int slot = 0; slot < expertOf.Length; ++slot)
        {
            BitAssert.AreEqual(
                plain[expertOf[slot]].AsSpan(slot / slotsPerRow * 2, 2), actual.AsSpan(slot * 2, 2), 2, $"{name} slot {slot}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void Fast_numerics_on_cuda_differ_in_their_bits(string name)
    {
        // The matrices' shape asks for segments of K; a slot for each of many experts makes tiles enough without them.
        using TestDevice device = TestDevice.Open(name);
        GroupedLinearCase wide = GroupedLinearCase.Create(1, 128, 512, 192, seed: 70);
        NativeWeight weight = wide.Pack(device);
        int[] expertOf = [.. Enumerable.Range(0, 128)];
        BitAssert.AreNotEqual(
            wide.Run(device, weight, [0], expertOf, Numerics.Invariant), wide.Run(device, weight, [0], expertOf, Numerics.Fast),
            name);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void Fast_numerics_on_the_cpu_are_invariant_whatever_is_planned_for(string name)
    {
        using TestDevice device = TestDevice.Open(name, plannedThreads: 64);
        GroupedLinearCase small = GroupedLinearCase.Create(1, 2, 4000, 8, seed: 71);
        NativeWeight weight = small.Pack(device);
        BitAssert.AreEqual(
            small.Run(device, weight, [0], [0, 1], Numerics.Invariant), small.Run(device, weight, [0], [0, 1], Numerics.Fast),
            small.Width, name);
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits()
    {
        GroupedLinearCase all = GroupedLinearCase.Create(50, 4, 517, 70, DType.F16, Epilogue.SwiGlu, seed: 80);
        int[] expertOf = TestData.Integers(100, 4, seed: 81);
        DeviceMatrix.AssertSameBitsOnEveryCpu(
            all.Width,
            device => all.Run(device, all.Pack(device), [.. Enumerable.Range(0, 50)], expertOf, Numerics.Invariant));
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Strides_skip_what_lies_between_the_rows(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int rows = 9, columns = 20, outputs = 12, inputStride = 23, outputStride = 15;
        GroupedLinearCase dense = GroupedLinearCase.Create(rows, 3, columns, outputs, seed: 90);
        NativeWeight weight = dense.Pack(device);
        int[] expertOf = TestData.Integers(rows, 3, seed: 91);
        float[] expected = dense.Run(device, weight, [.. Enumerable.Range(0, rows)], expertOf, Numerics.Invariant);

        float[] spread = Enumerable.Repeat(float.NaN, rows * inputStride).ToArray();
        for (int r = 0; r < rows; ++r)
        {
            Array.Copy(dense.Input, r * columns, spread, r * inputStride, columns);
        }

        (int[] starts, int[] order) = MoeReference.Permute(expertOf, 3);
        float[] before = device.AsActivations(TestData.Floats(rows * outputStride, 92));
        NativeBuffer output = device.Activations(before);
        Operators.GroupedLinear(device.Stream, new GroupedLinearArguments
        {
            Slots = rows,
            SlotsPerRow = 1,
            Numerics = Numerics.Invariant,
            Weight = weight,
            Starts = device.Upload(starts),
            Order = device.Upload(order),
            Input = device.Activations(spread),
            InputStride = inputStride,
            Output = output,
            OutputStride = outputStride,
        });
        float[] actual = device.ReadActivations(output, before.Length);
        for (int r = 0; r < rows; ++r)
        {
            expected.AsSpan(r * outputs, outputs).CopyTo(before.AsSpan(r * outputStride));
        }

        BitAssert.AreEqual(before, actual, outputStride, name);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void A_weight_tells_its_groups(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GroupedLinearCase grouped = GroupedLinearCase.Create(1, 7, 20, 34, epilogue: Epilogue.SwiGlu);
        NativeWeight weight = grouped.Pack(device);
        NativeWeight one = grouped.Alone(0).Pack(device);
        Assert.AreEqual((7, 34L, 20), (weight.Groups, weight.Rows, weight.Columns));
        Assert.AreEqual((1, 34L, 20), (one.Groups, one.Rows, one.Columns));
        Assert.AreEqual(7 * one.Size, weight.Size);
    }
}
